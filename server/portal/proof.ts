import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated, RelyingParty } from "./ports/index.ts";
import { sessionBody } from "./present.ts";

type ProofRoutes =
  | "signInWithCodes"
  | "proofChallenge"
  | "prove"
  | "codeSignIn"
  | "beginCodeSignIn"
  | "confirmCodeSignIn"
  | "removeCodeSignIn";

/** A password with codes, and showing once more who one is. */
export function proofHandlers(deps: {
  access: Pick<Access, "codes" | "passkeys" | "signInWithCodes" | "proveWithCodes" | "proveWithPasskey">;
  relyingParty: () => RelyingParty | null;
  clock: Clock;
  stepUpMs: number;
}): Pick<Handlers, ProofRoutes> {
  const { access, clock, stepUpMs } = deps;

  return {
    async signInWithCodes({ body: { name, password, code }, userAgent, setCookie }) {
      const { authenticated, cookie } = await access.signInWithCodes(name, { password, code }, userAgent);
      setCookie(cookie);
      return sessionBody(authenticated, clock.now());
    },
    async proofChallenge({ signedIn }) {
      const { principal } = person(signedIn);
      const party = deps.relyingParty();
      const [passkeys, codes] = await Promise.all([access.passkeys.list(principal), access.codes.of(principal)]);
      const hasPasskey = party !== null && passkeys.length > 0;
      return {
        passkey: hasPasskey ? { ...(await access.passkeys.proofOptions(principal, party)) } : null,
        hasCodes: codes.signInName !== null,
      };
    },
    async prove({ signedIn, body }) {
      person(signedIn);
      if ("code" in body) {
        const { at } = await access.proveWithCodes(signedIn, body);
        return { until: at + stepUpMs };
      }
      const party = deps.relyingParty();
      if (!party) throw new RefusedInput("SIGN_IN_REFUSED");
      const { at } = await access.proveWithPasskey(signedIn, party, body.response);
      return { until: at + stepUpMs };
    },
    codeSignIn: async ({ signedIn }) => access.codes.of(person(signedIn).principal),
    async beginCodeSignIn({ signedIn, body }) {
      const { principal } = person(signedIn);
      const [passkeys, codes] = await Promise.all([access.passkeys.list(principal), access.codes.of(principal)]);
      if (passkeys.length > 0 || codes.signInName !== null) needProof(signedIn, clock.now(), stepUpMs);
      const begun = await access.codes.begin(principal, body.password);
      const { default: qrcode } = await import("qrcode");
      const picture = await qrcode.toString(begun.uri, { type: "svg", margin: 1 });
      return { ...begun, picture: `data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}` };
    },
    confirmCodeSignIn: async ({ signedIn, body }) => ({
      recoveryCodes: await access.codes.confirm(person(signedIn).principal, body.code),
    }),
    async removeCodeSignIn({ signedIn }) {
      await access.codes.remove(person(signedIn).principal);
      return null;
    },
  };
}

/** @throws RefusedInput PROOF_NEEDED where a person has not shown lately that it is they; a program has nobody who could */
export function needProof({ via, proof }: Authenticated, now: number, stepUpMs: number): void {
  if (via !== "session") return;
  if (!proof || now - proof.at > stepUpMs) throw new RefusedInput("PROOF_NEEDED");
}

/** A token is a program's: it has no authenticator. */
function person(signedIn: Authenticated): Authenticated {
  if (signedIn.via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return signedIn;
}
