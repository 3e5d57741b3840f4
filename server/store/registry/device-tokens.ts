import { createHash, timingSafeEqual } from "node:crypto";
import type { Random } from "@openward/runtime";

/** 256 random bits: nothing that could be guessed, so a plain fast hash is enough to keep it. */
export const newToken = (random: Random): string => Buffer.from(random.bytes(32)).toString("base64url");

export const hashToken = (token: string): Buffer => createHash("sha256").update(token).digest();

const NOBODY = new Uint8Array(32);

/** Takes as long for an id that is not known as for a wrong token. */
export function isToken(token: string, expected: Uint8Array | undefined): boolean {
  return timingSafeEqual(hashToken(token), expected ?? NOBODY) && expected !== undefined;
}

// Read aloud over the telephone: without 0 and o, 1, i and l, u and v.
const LETTERS = "23456789abcdefghjkmnpqrstwxyz";

/** "dev-7k3m9q2x": short enough to type, 29^8 of them. */
export function newDeviceId(random: Random): string {
  let id = "dev-";
  while (id.length < 12) {
    const byte = random.bytes(1)[0] ?? 0;
    // 232 is 8 x 29: a byte beyond would make the first letters likelier.
    if (byte < 232) id += LETTERS[byte % LETTERS.length];
  }
  return id;
}
