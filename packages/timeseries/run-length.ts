import { RefusedInput } from "@openward/errors";
import type { Sections, SectionWriter } from "./sections.ts";
import { WholeDecoder, WholeEncoder } from "./whole-coder.ts";

/** Whole numbers as runs (value, length): columns that hardly ever change cost a few bytes. */
export function writeRuns({ body }: SectionWriter, count: number, valueAt: (index: number) => number): void {
  const values = new WholeEncoder(body);
  const lengths = new WholeEncoder(body);
  let start = 0;
  let before = 0;
  while (start < count) {
    const value = valueAt(start);
    let end = start + 1;
    while (end < count && valueAt(end) === value) end++;
    values.write(value - before);
    lengths.write(end - start - 1);
    before = value;
    start = end;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT when the runs do not make up `count` */
export function readRuns(
  { body }: Sections,
  count: number,
  set: (value: number, from: number, to: number) => void,
): void {
  const values = new WholeDecoder(body);
  const lengths = new WholeDecoder(body);
  let start = 0;
  let value = 0;
  while (start < count) {
    value += values.read();
    const end = start + lengths.read() + 1;
    if (!(end > start && end <= count)) throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
    set(value, start, end);
    start = end;
  }
}
