import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated, RelyingParty } from "./ports/index.ts";

type ScreenRoutes =
  | "input"
  | "screenLock"
  | "setScreenLock"
  | "lockScreen"
  | "unlockWays"
  | "unlock"
  | "setPin"
  | "removePin";

const MINUTE_MS = 60_000;

/** A screen that locks itself, and what opens it again. */
export function screenHandlers(deps: {
  access: Pick<Access, "screen" | "passkeys" | "codes">;
  relyingParty: () => RelyingParty | null;
}): Pick<Handlers, ScreenRoutes> {
  const { screen, passkeys, codes } = deps.access;

  /** @throws RefusedInput CONFLICT: nobody could open it again */
  const needKey = async ({ principal }: Authenticated): Promise<void> => {
    const [keys, own, hasPin] = await ownWays(principal);
    const isOpenable = hasPin || own.signInName !== null || (keys.length > 0 && deps.relyingParty() !== null);
    if (!isOpenable) throw new RefusedInput("CONFLICT", { at: "pin", expected: "a PIN or a passkey first" });
  };
  const ownWays = (principal: Authenticated["principal"]) =>
    Promise.all([passkeys.list(principal), codes.of(principal), screen.pins.has(principal)]);

  return {
    async input({ signedIn }) {
      await screen.input(session(signedIn));
      return null;
    },
    async screenLock({ signedIn }) {
      const { principal, lockAfterMs } = session(signedIn);
      return {
        minutes: lockAfterMs === undefined ? null : lockAfterMs / MINUTE_MS,
        hasPin: await screen.pins.has(principal),
      };
    },
    async setScreenLock({ signedIn, body: { minutes } }) {
      if (minutes !== null) await needKey(session(signedIn));
      await screen.lockAfter(session(signedIn), minutes === null ? null : minutes * MINUTE_MS);
      return { minutes, hasPin: await screen.pins.has(signedIn.principal) };
    },
    async lockScreen({ signedIn }) {
      await needKey(session(signedIn));
      await screen.lock(session(signedIn));
      return null;
    },
    async unlockWays({ signedIn }) {
      const { principal } = session(signedIn);
      const party = deps.relyingParty();
      const [keys, own, hasPin] = await ownWays(principal);
      return {
        display: principal.display,
        passkey: party && keys.length > 0 ? { ...(await passkeys.proofOptions(principal, party)) } : null,
        hasCodes: own.signInName !== null,
        hasPin,
      };
    },
    async unlock({ signedIn, body }) {
      session(signedIn);
      if ("pin" in body || "code" in body) await screen.unlock(signedIn, body);
      else {
        const party = deps.relyingParty();
        if (!party) throw new RefusedInput("SIGN_IN_REFUSED");
        await screen.unlock(signedIn, { party, response: body.response });
      }
      return null;
    },
    async setPin({ signedIn, body: { pin } }) {
      await screen.pins.set(session(signedIn).principal, pin);
      return null;
    },
    async removePin({ signedIn }) {
      await screen.pins.remove(session(signedIn).principal);
      return null;
    },
  };
}

function session(signedIn: Authenticated): Authenticated {
  if (signedIn.via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return signedIn;
}
