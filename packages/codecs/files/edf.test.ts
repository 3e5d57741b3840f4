import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { decodeRaw } from "../raw.ts";
import { bytesOf, contextOf, type Vector } from "../testing/vectors.ts";
import { edf } from "./edf.ts";
import { decodeFile } from "./piece.ts";

const RECORDS = 100_000;
const vectors = JSON.parse(readFileSync(new URL("edf.vectors.json", import.meta.url), "utf8")) as Vector[];

/** The second vector's header, and records of two samples each, half a second long. */
function long(): Uint8Array {
  const header = bytesOf(vectors[1] as Vector).slice(0, 512);
  header.set(new TextEncoder().encode(String(RECORDS).padEnd(8)), 236);
  header.fill(0x20, 192, 236);
  const bytes = new Uint8Array(512 + 4 * RECORDS);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 2 * RECORDS; i++) view.setInt16(512 + 2 * i, (i % 2001) - 1000, true);
  return bytes;
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("a long recording that is sent in pieces has the samples and the times of the whole", async () => {
  const context = contextOf({ utcOffset: 0 });
  const start = decodeRaw(long(), "files/edf", context).waveforms[0]?.start as number;
  let pieces = 0;
  let samples = 0;
  for await (const { decoded } of decodeFile(edf, chunksOf(long(), 10_007), decodeRaw, context)) {
    assert.ok(!(decoded instanceof RefusedInput));
    pieces++;
    for (const waveform of decoded.waveforms) {
      assert.equal(waveform.start, start + (samples * 1000) / 4);
      for (const sample of waveform.samples) assert.equal(sample, (samples++ % 2001) - 1000);
    }
  }
  assert.ok(pieces > 1);
  assert.equal(samples, 2 * RECORDS);
});

test("of a recording that ends too early the whole records are given, and then it is said", async () => {
  let samples = 0;
  await assert.rejects(
    async () => {
      const cut = long().subarray(0, 512 + 4 * 70_000 + 3);
      for await (const { decoded } of decodeFile(edf, chunksOf(cut, 65_536), decodeRaw, contextOf({}))) {
        if (!(decoded instanceof RefusedInput)) for (const each of decoded.waveforms) samples += each.samples.length;
      }
    },
    { code: "FILE_TRUNCATED" },
  );
  assert.equal(samples, 140_000);
});
