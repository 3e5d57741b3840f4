import { routes } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { PrincipalRole } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Access, Authenticated, RelyingParty, Watch } from "./ports/index.ts";
import { alarmBody } from "./present.ts";

type WallRoutes =
  | "kioskPasskey"
  | "kioskAcknowledge"
  | "ownBadge"
  | "setOwnBadge"
  | "removeOwnBadge"
  | "setBadge"
  | "removeBadge";

/** Alarms answered at a screen on a wall, where nobody is signed in: who answers shows each time who they are. */
export function wallHandlers(deps: {
  access: Pick<Access, "kiosks" | "badges">;
  watch: Pick<Watch, "active" | "acknowledge">;
  names: Pick<Names, "note" | "ofMaybe">;
  relyingParty: () => RelyingParty | null;
}): Pick<Handlers, WallRoutes> {
  const { watch, names } = deps;
  const { kiosks, badges } = deps.access;

  return {
    async kioskPasskey({ signedIn }) {
      const party = deps.relyingParty();
      return { passkey: party && { ...(await kiosks.passkeyOptions(signedIn, party)) } };
    },

    async kioskAcknowledge({ signedIn, params, body: { revision, by }, view }) {
      // What is not on the wall is not answered there, whoever stands before it.
      const alarm = (await watch.active(await view())).find(({ id }) => id === params.id);
      if (!alarm) throw new RefusedInput("NOT_FOUND", { at: "id" });
      const party = deps.relyingParty();
      if ("response" in by && !party) throw new RefusedInput("SIGN_IN_REFUSED");
      const shown = "response" in by ? { party: party as RelyingParty, response: by.response } : by;
      const person = await kiosks.whoIs(signedIn, shown);
      const mayAnswer: readonly PrincipalRole[] = routes.acknowledge.allow;
      if (!mayAnswer.includes(person.role))
        throw new RefusedInput("NOT_PERMITTED", { at: "by", expected: `one of ${mayAnswer.join(", ")}` });
      const seen = await kiosks.viewOfOne(person, alarm.patientId);
      if (!seen.has(alarm.patientId))
        throw new RefusedInput("NOT_PERMITTED", { at: "by", expected: "somebody who may see this patient" });
      names.note(person.id, person.display);
      return alarmBody(await watch.acknowledge(seen, alarm.id, revision, signedIn.principal.display), names);
    },

    async ownBadge({ signedIn }) {
      const { organisationId, id } = person(signedIn);
      return { hasBadge: await badges.has(organisationId, id) };
    },
    async setOwnBadge({ signedIn, body }) {
      const { organisationId, id } = person(signedIn);
      await badges.set(organisationId, id, body.number, id);
      return null;
    },
    async removeOwnBadge({ signedIn }) {
      const { organisationId, id } = person(signedIn);
      await badges.remove(organisationId, id, id);
      return null;
    },
    async setBadge({ signedIn, params, body }) {
      await badges.set(signedIn.organisation.id, params.id, body.number, signedIn.principal.id);
      return null;
    },
    async removeBadge({ signedIn, params }) {
      await badges.remove(signedIn.organisation.id, params.id, signedIn.principal.id);
      return null;
    },
  };
}

/** A program wears no badge. */
function person({ via, principal }: Authenticated): Authenticated["principal"] {
  if (via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return principal;
}
