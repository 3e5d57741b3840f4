/** What the bits of a flags field say, in words. */
export function wordsOf(bits: number, words: Readonly<Record<number, string>>): readonly string[] {
  const found: string[] = [];
  for (let bit = 0; bits >>> bit !== 0 && bit < 32; bit++) {
    if (((bits >>> bit) & 1) !== 0) found.push(words[bit] ?? `bit ${bit}`);
  }
  return found;
}

/** The field has one of these bits. */
export function hasAny(bits: number, ...positions: readonly number[]): boolean {
  return positions.some((position) => ((bits >>> position) & 1) !== 0);
}
