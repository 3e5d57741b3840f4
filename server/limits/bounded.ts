/**
 * A map that holds so many entries and no more. When it is full those that weigh least go, the older first: what an attacker
 * floods it with drives out its own. Entries are sorted once for every quarter that is new.
 */
export function createBounded<V>(max: number, weightOf: (value: V) => number) {
  const entries = new Map<string, V>();
  let kept = new Map<string, V>();
  const young = Math.max(1, Math.floor(max / 4));

  const sift = () => {
    // What is new stands first among those that weigh the same.
    const all = [...[...entries].reverse(), ...[...kept].filter(([key]) => !entries.has(key))];
    all.sort(([, a], [, b]) => weightOf(b) - weightOf(a));
    kept = new Map(all.slice(0, Math.max(1, max - young)));
    entries.clear();
  };

  return {
    get size() {
      return entries.size + kept.size;
    },
    get: (key: string): V | undefined => entries.get(key) ?? kept.get(key),
    set(key: string, value: V): void {
      if (kept.has(key)) kept.set(key, value);
      else entries.set(key, value);
      if (entries.size > young) sift();
    },
    delete(key: string): void {
      entries.delete(key);
      kept.delete(key);
    },
  };
}
