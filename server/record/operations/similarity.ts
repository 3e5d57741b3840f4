/**
 * How alike two short texts are: 1 is the same, 0 nothing in common. Names that begin alike count as more alike.
 *
 * @source W. E. Winkler, "String comparator metrics and enhanced decision rules in the Fellegi-Sunter model of record linkage" (1990)
 */
export function jaroWinkler(a: string, b: string): number {
  const jaro = jaroOf([...a], [...b]);
  let same = 0;
  while (same < 4 && same < a.length && same < b.length && a[same] === b[same]) same++;
  return jaro + same * 0.1 * (1 - jaro);
}

function jaroOf(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Array<boolean>(b.length).fill(false);
  const common: string[] = [];
  a.forEach((letter, i) => {
    for (let k = Math.max(0, i - reach); k <= Math.min(b.length - 1, i + reach); k++) {
      if (taken[k] || b[k] !== letter) continue;
      taken[k] = true;
      common.push(letter);
      return;
    }
  });
  if (common.length === 0) return 0;
  const inOrder = b.filter((_, k) => taken[k]);
  const moved = common.filter((letter, i) => letter !== inOrder[i]).length / 2;
  return (common.length / a.length + common.length / b.length + (common.length - moved) / common.length) / 3;
}

/** Without case, accents and what is no letter or digit. */
export const folded = (text: string): string =>
  text
    .replaceAll(/[øØ]/g, "o")
    .replaceAll(/[æÆ]/g, "ae")
    .replaceAll("ß", "ss")
    .replaceAll(/[łŁ]/g, "l")
    .normalize("NFKD")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .toLowerCase();
