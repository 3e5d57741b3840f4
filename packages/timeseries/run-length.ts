import { RefusedInput } from "@openward/errors";
import type { ByteReader, ByteWriter } from "./bytes.ts";

/** Whole numbers as runs (value, length): columns that hardly ever change cost a few bytes. */
export function writeRuns(out: ByteWriter, count: number, valueAt: (index: number) => number): void {
  let start = 0;
  while (start < count) {
    const value = valueAt(start);
    let end = start + 1;
    while (end < count && valueAt(end) === value) end++;
    out.zigzag(value);
    out.varint(end - start);
    start = end;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT when the runs do not make up `count` */
export function readRuns(input: ByteReader, count: number, set: (index: number, value: number) => void): void {
  let start = 0;
  while (start < count) {
    const value = input.zigzag();
    const end = start + input.varint();
    if (end > count || end === start) throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
    for (let i = start; i < end; i++) set(i, value);
    start = end;
  }
}
