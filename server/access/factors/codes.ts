import { createHmac } from "node:crypto";
import type { Random } from "@openward/runtime";
import { Secret, TOTP } from "otpauth";

const SECRET_BYTES = 20;
const PERIOD_S = 30;
const RECOVERY_CODES = 10;
/** Crockford's: no letter looks like a digit. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const totpOf = (secret: Uint8Array, label: string) =>
  new TOTP({
    issuer: "Openward",
    label,
    // What every authenticator app understands (RFC 6238): others are read by some only.
    algorithm: "SHA1",
    digits: 6,
    period: PERIOD_S,
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  });

export const newCodeSecret = (random: Random): Uint8Array => random.bytes(SECRET_BYTES);

/** For the app: as a link (a QR code has it), and to be typed. */
export function enrolmentOf(secret: Uint8Array, label: string): { uri: string; secret: string } {
  const totp = totpOf(secret, label);
  return { uri: totp.toString(), secret: totp.secret.base32 };
}

/**
 * The number of the code, counted from 1970 in steps of thirty seconds; one step to either side counts, for clocks that differ.
 *
 * @returns undefined: it is not one of those
 */
export function stepOf(secret: Uint8Array, code: string, now: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totpOf(secret, "").validate({ token: code, timestamp: now, window: 1 });
  return delta === null ? undefined : Math.floor(now / 1000 / PERIOD_S) + delta;
}

/** Ten of fifty bits, "7KQ2M-X9TBD": where the phone is lost. */
export function newRecoveryCodes(random: Random): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const text = [...random.bytes(10)].map((byte) => LETTERS[byte & 31]).join("");
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });
}

/** What is kept of one: worth nothing without the key. undefined: it cannot be one. */
export function recoveryHash(code: string, personId: string, key: string): Buffer | undefined {
  const plain = code.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if (!/^[0-9A-HJKMNP-TV-Z]{10}$/.test(plain)) return undefined;
  return createHmac("sha256", key).update(`${personId} ${plain}`).digest();
}
