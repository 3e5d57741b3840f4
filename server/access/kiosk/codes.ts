import type { Random } from "@openward/runtime";

/** No letter that looks like another, or like a digit. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 12;
const CODE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

/** 58 random bits in three groups of four, which somebody types at the screen on the wall. */
export function newKioskCode(random: Random): string {
  let code = "";
  while (code.length < LENGTH) {
    for (const byte of random.bytes(LENGTH)) {
      // So that each letter is as likely as any other.
      if (byte < ALPHABET.length * 8 && code.length < LENGTH) code += ALPHABET[byte % ALPHABET.length];
    }
  }
  return `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8)}`;
}

/** As it was typed. @returns undefined: it cannot be one */
export function readKioskCode(text: string): string | undefined {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, "");
  return CODE.test(code) ? code : undefined;
}
