import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated, RelyingParty } from "./ports.ts";
import { sessionBody } from "./present.ts";

type AccountRoutes =
  | "passkeyChallenge"
  | "signInWithPasskey"
  | "passkeys"
  | "enrolPasskey"
  | "addPasskey"
  | "removePasskey"
  | "sessions"
  | "endSession"
  | "signOutEverywhere";

/** What somebody signs in with, and where they are signed in: their own, and nobody else's. */
export function accountHandlers(deps: {
  access: Pick<Access, "passkeys" | "signInWithPasskey" | "sessionsOf" | "endSession" | "signOutEverywhere">;
  relyingParty: () => RelyingParty | null;
  clock: Clock;
}): Pick<Handlers, AccountRoutes> {
  const { access, clock } = deps;

  const party = (): RelyingParty => {
    const found = deps.relyingParty();
    if (found) return found;
    throw new RefusedInput("NOT_PERMITTED", { at: "passkey", expected: "a server at an https address with a name" });
  };

  return {
    async passkeyChallenge() {
      return { ...(await access.passkeys.signInOptions(party())) };
    },
    async signInWithPasskey({ body, userAgent, setCookie }) {
      const { authenticated, cookie } = await access.signInWithPasskey(party(), body.response, userAgent);
      setCookie(cookie);
      return sessionBody(authenticated, clock.now());
    },
    passkeys: async ({ signedIn }) => access.passkeys.list(person(signedIn)),
    async enrolPasskey({ signedIn }) {
      return { ...(await access.passkeys.enrolmentOptions(person(signedIn), party())) };
    },
    addPasskey: async ({ signedIn, body }) => access.passkeys.enrol(person(signedIn), party(), body),
    async removePasskey({ signedIn, params }) {
      await access.passkeys.remove(person(signedIn), params.id);
      return null;
    },
    async sessions({ signedIn }) {
      person(signedIn);
      return access.sessionsOf(signedIn);
    },
    async endSession({ signedIn, params }) {
      await access.endSession(person(signedIn), params.id);
      return null;
    },
    async signOutEverywhere({ signedIn, setCookie }) {
      person(signedIn);
      const { cookie } = await access.signOutEverywhere(signedIn);
      setCookie(cookie);
      return null;
    },
  };
}

/** A token is a program's: it has no authenticator, and ends when it is revoked. */
function person({ principal, via }: Authenticated): Authenticated["principal"] {
  if (via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return principal;
}
