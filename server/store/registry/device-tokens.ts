import { hash, timingSafeEqual } from "node:crypto";
import type { Random } from "@openward/runtime";

/** 256 random bits: nothing that could be guessed, so a plain fast hash is enough to keep it. */
export const newToken = (random: Random): string => Buffer.from(random.bytes(32)).toString("base64url");

export const hashToken = (token: string): Buffer => Buffer.from(hash("sha256", token, "hex"), "hex");

const NOBODY = new Uint8Array(32);
/** Asked for every message over HTTP: the digest is written to where the last one was. As text it is a sixth of what bytes cost. */
const shown = Buffer.alloc(32);

/** Takes as long for an id that is not known as for a wrong token. */
export function isToken(token: string, expected: Uint8Array | undefined): boolean {
  shown.write(hash("sha256", token, "hex"), "hex");
  return timingSafeEqual(shown, expected ?? NOBODY) && expected !== undefined;
}

// Read aloud over the telephone: without 0 and o, 1, i and l, u and v.
const LETTERS = "23456789abcdefghjkmnpqrstwxyz";

/** "7k3m-9q2x-hw5t": 29^12 of them, each for hours and one use. */
export function newClaimCode(random: Random): string {
  return letters(random, 12).replace(/(.{4})(?=.)/g, "$1-");
}

/** As it is kept: however it was typed. */
export const readClaimCode = (typed: string): string => typed.toLowerCase().replace(/[^a-z0-9]/g, "");

/** "dev-7k3m9q2x": short enough to type, 29^8 of them. */
export function newDeviceId(random: Random): string {
  return `dev-${letters(random, 8)}`;
}

function letters(random: Random, count: number): string {
  let text = "";
  while (text.length < count) {
    const byte = random.bytes(1)[0] ?? 0;
    // 232 is 8 x 29: a byte beyond would make the first letters likelier.
    if (byte < 232) text += LETTERS[byte % LETTERS.length];
  }
  return text;
}
