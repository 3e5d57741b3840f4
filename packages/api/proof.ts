import { z } from "zod";

/** Bodies of sign-in by a password with codes, and of showing once more who one is. */
const millis = z.number().int();
/** Options and answers of WebAuthn are its own JSON. */
const webAuthn = z.record(z.string(), z.unknown());
const password = z.string().min(1).max(256);
/** Six digits of the app, or a recovery code. */
const code = z.string().trim().min(6).max(20);

export const codeAnswer = z.object({ name: z.string().trim().min(1).max(64), password, code });
/** `passkey`: what an authenticator has to sign; null where the person has none that works here. */
export const proofChallenge = z.object({ passkey: webAuthn.nullable(), hasCodes: z.boolean() });
export const proof = z.union([z.object({ response: webAuthn }), z.object({ password, code })]);
export const proved = z.object({ until: millis });

export const codeSignIn = z.object({
  signInName: z.string().nullable(),
  since: millis.nullable(),
  recoveryCodesLeft: z.number().int(),
});
export const newPassword = z.object({ password });
/** For the app: `picture` is a QR code of `uri`, as an image's address; `secret` is typed where there is no camera. */
export const codeEnrolment = z.object({
  signInName: z.string(),
  secret: z.string(),
  uri: z.string(),
  picture: z.string(),
});
export const firstCode = z.object({ code });
export const recoveryCodes = z.object({ recoveryCodes: z.array(z.string()) });
