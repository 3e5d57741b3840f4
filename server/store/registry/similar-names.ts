/** Two people may be one, or be taken for one: how alike their names are, and nothing more. */

// Letters that Unicode does not take apart into a base and a mark.
const LETTERS: Readonly<Record<string, string>> = {
  ø: "o",
  æ: "ae",
  œ: "oe",
  ß: "ss",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/** Words of a name in lower case, without accents: "Müller-Lüdenscheidt, Åse" is [muller, ludenscheidt, ase]. */
export function wordsOf(name: string): string[] {
  const plain = name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[øæœßłđðþı]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/['’`]/g, "");
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

/** The words in alphabetical order, so that "Hansen, Kari" and "Kari Hansen" are the same. */
export const nameKey = (name: string): string => wordsOf(name).sort().join(" ");

/**
 * May these be one person? True for the same words in any order and spelling of accents; for one name that has all
 * words of the other and more; and for a family name within two typing errors, or of the same sound (Soundex), beside
 * a given name of the same first letter.
 */
export function isSimilarName(a: string, b: string): boolean {
  const left = wordsOf(a);
  const right = wordsOf(b);
  if (left.length === 0 || right.length === 0) return false;
  if (contains(left, right) || contains(right, left)) return true;
  return readingsOf(a).some((one) => readingsOf(b).some((other) => looksAlike(one, other)));
}

/** The same family name, however spelt: with the same birth date this is a warning too. */
export function hasSameFamilyName(a: string, b: string): boolean {
  return readingsOf(a).some((one) => readingsOf(b).some((other) => one.family !== "" && one.family === other.family));
}

function contains(long: readonly string[], short: readonly string[]): boolean {
  if (short.length > long.length || (short.length < 2 && long.length !== short.length)) return false;
  const rest = [...long];
  return short.every((word) => {
    const at = rest.indexOf(word);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
}

interface FullName {
  readonly family: string;
  readonly given: string;
}

// "Family, Given" says which is which; without a comma either end may be the family name.
function readingsOf(name: string): FullName[] {
  const comma = name.indexOf(",");
  if (comma >= 0) {
    return [{ family: wordsOf(name.slice(0, comma)).join(" "), given: wordsOf(name.slice(comma + 1)).join(" ") }];
  }
  const words = wordsOf(name);
  const first = words[0] ?? "";
  const last = words.at(-1) ?? "";
  if (words.length < 2) return [{ family: first, given: "" }];
  return [
    { family: last, given: words.slice(0, -1).join(" ") },
    { family: first, given: words.slice(1).join(" ") },
  ];
}

function looksAlike(a: FullName, b: FullName): boolean {
  if (a.given.slice(0, 1) !== b.given.slice(0, 1)) return false;
  if (a.family === "" || b.family === "") return false;
  // Of a name of three letters two errors leave nothing: Lie, Moe and Dahl are different people.
  const errorsMax = Math.min(a.family.length, b.family.length) <= 4 ? 1 : 2;
  return editDistance(a.family, b.family, errorsMax) <= errorsMax || isSameSound(a.family, b.family);
}

function isSameSound(a: string, b: string): boolean {
  const sound = soundex(a);
  return sound !== "" && sound === soundex(b);
}

/**
 * Letters to insert, remove, replace or swap with their neighbour to get from one word to the other.
 *
 * @param limit beyond it the answer is limit + 1
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length] ?? 0, limit + 1);
}

const SOUNDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([..."bfpv"].map((letter) => [letter, "1"])),
  ...Object.fromEntries([..."cgjkqsxz"].map((letter) => [letter, "2"])),
  ...Object.fromEntries([..."dt"].map((letter) => [letter, "3"])),
  l: "4",
  ...Object.fromEntries([..."mn"].map((letter) => [letter, "5"])),
  r: "6",
};

/** American Soundex (U.S. National Archives, Soundex Indexing System): "hansen" is H525. Empty for other scripts. */
export function soundex(word: string): string {
  const letters = word.replace(/[^a-z]/g, "");
  if (letters === "") return "";
  let code = (letters[0] ?? "").toUpperCase();
  let last = SOUNDS[letters[0] ?? ""] ?? "";
  for (const letter of letters.slice(1)) {
    const sound = SOUNDS[letter] ?? "";
    if (sound !== "" && sound !== last) code += sound;
    // A vowel parts two letters of the same sound, h and w do not.
    if (letter !== "h" && letter !== "w") last = sound;
    if (code.length === 4) break;
  }
  return code.padEnd(4, "0");
}
