import { relative } from "node:path";
import type { run } from "node:test";

/** What took the time of a run: told at its end, as only the machine that ran it knows. */
const TOLD = 25;

interface Span {
  readonly from: number;
  to: number;
}

/** @returns a line for each of the longest files, the longest first: its seconds, and when it began and ended */
export function watchFiles(tests: ReturnType<typeof run>, root: string, now: () => number): () => string[] {
  const began = now();
  const spans = new Map<string, Span>();
  const see = ({ file }: { file?: string }) => {
    if (file === undefined) return;
    const span = spans.get(file);
    if (span) span.to = now();
    else spans.set(file, { from: now(), to: now() });
  };
  // These two come when they happen; the others in the order of the files.
  tests.on("test:dequeue", see);
  tests.on("test:complete", see);
  const s = (ms: number) => (ms / 1_000).toFixed(0).padStart(4);
  return () =>
    [...spans]
      .sort(([, a], [, b]) => b.to - b.from - (a.to - a.from))
      .slice(0, TOLD)
      .map(
        ([file, { from, to }]) => `${s(to - from)} s, ${s(from - began)} to ${s(to - began)}: ${relative(root, file)}`,
      );
}
