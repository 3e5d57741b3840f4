import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated, RelyingParty } from "./ports/index.ts";
import { sessionBody } from "./present.ts";
import { needProof } from "./proof.ts";

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
  access: Pick<
    Access,
    "passkeys" | "codes" | "addPasskey" | "signInWithPasskey" | "sessionsOf" | "endSession" | "signOutEverywhere"
  >;
  relyingParty: () => RelyingParty | null;
  clock: Clock;
  stepUpMs: number;
}): Pick<Handlers, AccountRoutes> {
  const { access, clock } = deps;

  const party = (): RelyingParty => {
    const found = deps.relyingParty();
    if (found) return found;
    throw new RefusedInput("NOT_PERMITTED", { at: "passkey", expected: "a server at an https address with a name" });
  };

  /** Who has nothing to show it by is not asked. @throws RefusedInput PROOF_NEEDED */
  const proofOf = async (signedIn: Authenticated): Promise<void> => {
    const { principal } = signedIn;
    const [passkeys, codes] = await Promise.all([access.passkeys.list(principal), access.codes.of(principal)]);
    if (passkeys.length > 0 || codes.signInName !== null) needProof(signedIn, clock.now(), deps.stepUpMs);
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
      const principal = person(signedIn);
      // Whoever finds an open screen must not make themselves a key to it.
      await proofOf(signedIn);
      return { ...(await access.passkeys.enrolmentOptions(principal, party())) };
    },
    async addPasskey({ signedIn, body }) {
      return access.addPasskey(personal(signedIn), party(), body);
    },
    async removePasskey({ signedIn, params }) {
      await access.passkeys.remove(person(signedIn), params.id);
      return null;
    },
    async sessions({ signedIn }) {
      person(signedIn);
      return access.sessionsOf(signedIn);
    },
    async endSession({ signedIn, params }) {
      person(signedIn);
      await proofOf(signedIn);
      await access.endSession(person(signedIn), params.id);
      return null;
    },
    async signOutEverywhere({ signedIn, setCookie, leave }) {
      person(signedIn);
      await proofOf(signedIn);
      const { cookie } = await access.signOutEverywhere(signedIn);
      setCookie(cookie);
      leave();
      return null;
    },
  };
}

/** The whole of it: what is shown by the way counts for this session. */
function personal(signedIn: Authenticated): Authenticated {
  person(signedIn);
  return signedIn;
}

/** A token is a program's: it has no authenticator, and ends when it is revoked. */
export function person({ principal, via }: Authenticated): Authenticated["principal"] {
  if (via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return principal;
}
