/** The text of a number that is kept as it was written: an object that counts as one and says its text. */
export function rawNumberOf(value: unknown): string | undefined {
  return value instanceof Number ? String(value) : undefined;
}

export function hasRaw(value: unknown): boolean {
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== "object" || one === null) continue;
    if (one instanceof Number) return true;
    for (const inner of Array.isArray(one) ? one : Object.values(one)) open.push(inner);
  }
  return false;
}

/** The same with plain numbers. */
export function withPlainNumbers(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
