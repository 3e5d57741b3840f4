import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import { type Compressor, readBlockFile, writeBlockFile } from "./block-file.ts";
import type { BlockOrigin } from "./numeric-block.ts";
import { readSections, SectionWriter } from "./sections.ts";
import { readNumber, writeNumber } from "./short-number.ts";
import type { WaveformRun } from "./waveform-runs.ts";
import { readWholes, writeWholes } from "./whole-column.ts";

/** Least and greatest value of each second in which there was a sample; a second may come twice where runs meet. */
export interface SecondsOverview {
  /** ms UTC, multiples of 1000. */
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** A period's samples may be slow and its runs many, but no block is longer than a day. */
const SECONDS_MAX = 1 << 20;

interface Second {
  readonly second: number;
  min: number;
  max: number;
}

/** The min/max pyramid of a waveform block, as a file of its own, so that a day opens without decoding samples. */
export function encodeOverview(runs: readonly WaveformRun[], origin: BlockOrigin, compressor: Compressor): Uint8Array {
  const [first] = runs;
  if (!first) throw new RangeError("a block has at least one run");
  const out = new SectionWriter(1024);
  const { head } = out;
  const all: Second[] = [];
  head.varint(runs.length);
  for (const run of runs) {
    const seconds = secondsOf(run);
    writeNumber(head, run.scale);
    writeNumber(head, run.origin);
    head.varint(seconds.length);
    for (const second of seconds) all.push(second);
  }
  const count = all.length;
  if (count > SECONDS_MAX) throw new RangeError(`an overview has at most ${SECONDS_MAX} seconds`);
  writeWholes(
    out,
    Float64Array.from(all, (each) => each.second),
  );
  writeWholes(
    out,
    Float64Array.from(all, (each) => each.min),
  );
  writeWholes(
    out,
    Float64Array.from(all, (each) => each.max - each.min),
  );
  const header = {
    kind: "overview" as const,
    keyId: 0,
    clockCorrectionId: origin.clockCorrectionId ?? 0,
    unit: origin.unit,
    associationId: origin.associationId,
    utcOffsetMinutes: first.utcOffsetMinutes,
    count,
    firstTime: first.start,
    lastTime: first.start,
  };
  return writeBlockFile(header, out.finish(), compressor);
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function decodeOverview(file: Uint8Array, compressor: Compressor): SecondsOverview {
  const { header, payload } = readBlockFile(file, "overview", compressor);
  const { count } = header;
  if (count > SECONDS_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
  const sections = readSections(payload);
  const { head } = sections;
  const runCount = head.varint();
  if (runCount * 5 > head.end) throw new RefusedInput("BLOCK_CORRUPT", { at: "runs" });
  const heads = Array.from({ length: runCount }, () => ({
    scale: readNumber(head),
    origin: readNumber(head),
    length: head.varint(),
  }));
  if (heads.reduce((sum, each) => sum + each.length, 0) !== count)
    throw new RefusedInput("BLOCK_CORRUPT", { at: "count" });
  const starts = new Float64Array(count);
  const min = new Float64Array(count);
  const max = new Float64Array(count);
  for (const column of [starts, min, max]) readWholes(sections, column);
  let at = 0;
  for (const { scale, origin, length } of heads) {
    for (const end = at + length; at < end; at++) {
      const least = min[at] as number;
      const greatest = least + (max[at] as number);
      starts[at] = (starts[at] as number) * 1000;
      // A negative scale turns least and greatest round.
      min[at] = (scale < 0 ? greatest : least) * scale + origin;
      max[at] = (scale < 0 ? least : greatest) * scale + origin;
    }
  }
  return { starts, min, max };
}

function secondsOf(run: WaveformRun): Second[] {
  const seconds: Second[] = [];
  let current: Second | undefined;
  const step = 1 / run.rateHz;
  const start = run.start / 1000;
  for (let i = 0; i < run.samples.length; i++) {
    const sample = run.samples[i] as number;
    if (sample === ABSENT_SAMPLE) continue;
    const second = Math.floor(start + i * step);
    if (!current || current.second !== second) {
      current = { second, min: sample, max: sample };
      seconds.push(current);
    } else {
      if (sample < current.min) current.min = sample;
      if (sample > current.max) current.max = sample;
    }
  }
  return seconds;
}
