import type { Random } from "@openward/runtime";
import words from "./unknown-names.json" with { type: "json" };

/**
 * A name to call somebody by whom nobody knows yet. Words, not numbers: "Unknown 17" and "Unknown 71" in two beds are
 * mixed up, "Amber" and "Walnut" are not.
 *
 * @param isTaken names that patients of the organisation bear
 */
export function unknownName(random: Random, isTaken: (name: string) => boolean): string {
  const first = Math.floor(random.float() * words.length);
  for (let round = 1; ; round++) {
    for (let i = 0; i < words.length; i++) {
      const name = `Unknown, ${words[(first + i) % words.length]}${round === 1 ? "" : ` ${round}`}`;
      if (!isTaken(name)) return name;
    }
  }
}

// Without 0 and O, 1 and I and L, 5 and S, 8 and B: it is read aloud and copied by hand.
const SIGNS = "234679ACDEFGHJKMNPQRTUVWXYZ";

/** A record number to go with it: "UNKNOWN-7QKM2T". */
export function unknownRecordNumber(random: Random): string {
  let signs = "";
  for (let i = 0; i < 6; i++) signs += SIGNS[Math.floor(random.float() * SIGNS.length)];
  return `UNKNOWN-${signs}`;
}
