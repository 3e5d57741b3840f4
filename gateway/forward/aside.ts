import type { Place } from "../keep/backlog.ts";

/** What the server refuses: where it lies, by the reason. A number for each message: there may be many. */
export function createAside() {
  const byCode = new Map<string, Map<string, number[]>>();
  return {
    add({ file, ordinal }: Place, code: string): void {
      const files = byCode.get(code) ?? new Map<string, number[]>();
      byCode.set(code, files);
      const ordinals = files.get(file) ?? [];
      files.set(file, ordinals);
      ordinals.push(ordinal);
    },
    takeAll(): Place[] {
      const all = [...byCode.values()].flatMap((files) =>
        [...files].flatMap(([file, ordinals]) => ordinals.map((ordinal) => ({ file, ordinal }))),
      );
      byCode.clear();
      return all;
    },
    counts(): Record<string, number> {
      const count = (files: Map<string, number[]>) =>
        [...files.values()].reduce((sum, ordinals) => sum + ordinals.length, 0);
      return Object.fromEntries([...byCode].map(([code, files]) => [code, count(files)]));
    },
  };
}
