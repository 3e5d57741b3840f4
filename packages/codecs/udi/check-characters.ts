/** Check characters of the agencies. Each takes the text without its check character. */

/** GS1: GTIN-8 to GTIN-14 and SSCC, mod 10. @param digits only digits */
export function gs1CheckDigit(digits: string): string {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) sum += Number(digits.at(-1 - i)) * (i % 2 === 0 ? 3 : 1);
  return String((10 - (sum % 10)) % 10);
}

const MOD_43 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/** HIBCC, mod 43; `undefined` where a character is not of its alphabet. */
export function hibccCheckCharacter(text: string): string | undefined {
  let sum = 0;
  for (const character of text) {
    const value = MOD_43.indexOf(character);
    if (value < 0) return undefined;
    sum += value;
  }
  return MOD_43[sum % 43];
}

/** Where a text leaves HIBCC's alphabet; -1: nowhere. */
export function outsideHibccAlphabet(text: string): number {
  return [...text].findIndex((character) => !MOD_43.includes(character));
}

const MOD_37 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";

/** ISBT 128: ISO 7064 mod 37,2 over the 13 characters of a donation identification number; its value, 0 to 36. */
export function dinCheckValue(din: string): number | undefined {
  let power = 0;
  for (const character of din) {
    const value = MOD_37.indexOf(character);
    if (value < 0 || character === "*") return undefined;
    power = ((power + value) * 2) % 37;
  }
  return (38 - power) % 37;
}

/** The same as the character that people type. */
export function dinCheckCharacter(din: string): string | undefined {
  const value = dinCheckValue(din);
  return value === undefined ? undefined : MOD_37[value];
}
