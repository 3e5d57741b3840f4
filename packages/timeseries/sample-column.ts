import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import type { RangeDecoder, RangeEncoder } from "./range-coder.ts";
import { type Levels, levelsOf, readLevels, writeLevels } from "./sample-levels.ts";
import { SamplePredictor } from "./sample-predictor.ts";
import { ResidualModel, readResidual, writeResidual } from "./sample-residuals.ts";
import type { Sections, SectionWriter } from "./sections.ts";
import { greatestDivisor } from "./whole-column.ts";

/** An hour at the fastest rates; it bounds what a damaged count could take of memory. */
export const SAMPLES_MAX = 1 << 24;

const CONSTANT = 0;
const PREDICTED = 1;
/** Predicted too, in steps between the levels that samples lie on. */
const LEVELS = 2;

/** How many samples are encoded or decoded between two stops: a few milliseconds. */
const PIECE = 4_096;

/**
 * Samples, exactly: the absent ones as runs, the others as what a prediction is off by. The same samples in the same
 * order give the same bytes, and the other way round. Stops between pieces, so that an hour of them need not be encoded in
 * one go.
 */
export function* writeSampleColumn(out: SectionWriter, samples: Int32Array): Generator<void, void> {
  const { head, body } = out;
  const present = presentOf(out, samples);
  if (present.length === 0) return;
  const first = present[0] as number;
  const divisor = commonDivisor(present, first);
  if (divisor === 0) {
    head.u8(CONSTANT);
    head.zigzag(first);
    return;
  }
  const levels = divisor === 1 ? levelsOf(present) : undefined;
  if (levels) {
    head.u8(LEVELS);
    writeLevels(out, levels);
    yield* writePredicted(body, asSteps(present, levels));
    return;
  }
  head.u8(PREDICTED);
  head.zigzag(first);
  head.varint(divisor);
  yield* writePredicted(
    body,
    Float64Array.from(present, (sample) => (sample - first) / divisor),
  );
}

/** As steps above the lowest level. */
function asSteps(samples: Int32Array, { values, steps }: Levels): Float64Array {
  const stepOf = new Map<number, number>();
  for (let i = 0; i < values.length; i++) stepOf.set(values[i] as number, steps[i] as number);
  return Float64Array.from(samples, (sample) => stepOf.get(sample) as number);
}

function* writePredicted(coder: RangeEncoder, samples: Float64Array): Generator<void, void> {
  const predictor = new SamplePredictor(samples.length);
  const residuals = new ResidualModel();
  for (let from = 0; from < samples.length; from += PIECE) {
    if (from > 0) yield;
    writePiece(coder, predictor, residuals, samples.subarray(from, from + PIECE));
  }
}

function writePiece(
  coder: RangeEncoder,
  predictor: SamplePredictor,
  residuals: ResidualModel,
  samples: Float64Array,
): void {
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    const predicted = predictor.predict();
    const whole = Math.floor(predicted + 0.5);
    writeResidual(coder, residuals, sample - whole, predicted - whole);
    predictor.learn(sample);
  }
}

function* readPredicted(coder: RangeDecoder, count: number): Generator<void, Float64Array> {
  const samples = new Float64Array(count);
  const predictor = new SamplePredictor(count);
  const residuals = new ResidualModel();
  for (let from = 0; from < count; from += PIECE) {
    if (from > 0) yield;
    readPiece(coder, predictor, residuals, samples.subarray(from, from + PIECE));
  }
  return samples;
}

function readPiece(
  coder: RangeDecoder,
  predictor: SamplePredictor,
  residuals: ResidualModel,
  samples: Float64Array,
): void {
  for (let i = 0; i < samples.length; i++) {
    const predicted = predictor.predict();
    const whole = Math.floor(predicted + 0.5);
    const sample = whole + readResidual(coder, residuals, predicted - whole);
    predictor.learn(sample);
    samples[i] = sample;
  }
}

/**
 * Stops between pieces as well.
 *
 * @throws RefusedInput BLOCK_CORRUPT
 */
export function* readSampleColumn(sections: Sections, count: number): Generator<void, Int32Array> {
  const { head, body } = sections;
  if (count > SAMPLES_MAX) throw new RefusedInput("BLOCK_CORRUPT", { at: "samples" });
  const samples = new Int32Array(count);
  const absent = readAbsent(sections, samples);
  if (absent === count) return samples;
  const present = new Int32Array(count - absent);
  const mode = head.u8();
  if (mode === CONSTANT) {
    present.fill(head.zigzag());
  } else if (mode === LEVELS) {
    const { values, steps } = readLevels(sections);
    const sampleAt = new Int32Array((steps[steps.length - 1] as number) + 1);
    for (let i = 0; i < steps.length; i++) sampleAt[steps[i] as number] = values[i] as number;
    const found = yield* readPredicted(body, present.length);
    for (let i = 0; i < found.length; i++) present[i] = sampleAt[found[i] as number] as number;
  } else if (mode === PREDICTED) {
    const first = head.zigzag();
    const divisor = head.varint();
    const found = yield* readPredicted(body, present.length);
    for (let i = 0; i < found.length; i++) present[i] = (found[i] as number) * divisor + first;
  } else {
    throw new RefusedInput("BLOCK_CORRUPT", { at: "samples" });
  }
  if (absent === 0) return present;
  let next = 0;
  for (let i = 0; i < count; i++) if (samples[i] !== ABSENT_SAMPLE) samples[i] = present[next++] as number;
  return samples;
}

/** Writes where samples are absent; gives the others. */
function presentOf({ head }: SectionWriter, samples: Int32Array): Int32Array {
  const runs: number[] = [];
  let absent = 0;
  let end = 0;
  for (let i = samples.indexOf(ABSENT_SAMPLE); i >= 0; i = samples.indexOf(ABSENT_SAMPLE, end)) {
    const from = i;
    while (i < samples.length && samples[i] === ABSENT_SAMPLE) i++;
    runs.push(from - end, i - from);
    absent += i - from;
    end = i;
  }
  head.varint(runs.length / 2);
  for (const number of runs) head.varint(number);
  return absent === 0 ? samples : samples.filter((sample) => sample !== ABSENT_SAMPLE);
}

function readAbsent({ head }: Sections, samples: Int32Array): number {
  let absent = 0;
  let at = 0;
  for (let left = head.varint(); left > 0; left--) {
    const from = at + head.varint();
    const length = head.varint();
    if (from + length > samples.length) throw new RefusedInput("BLOCK_CORRUPT", { at: "absent" });
    samples.fill(ABSENT_SAMPLE, from, from + length);
    absent += length;
    at = from + length;
  }
  return absent;
}

/** Of all differences from the first sample; 0 where all are the same. Gains are often whole multiples. */
function commonDivisor(samples: Int32Array, first: number): number {
  let divisor = 0;
  for (let i = 0; i < samples.length && divisor !== 1; i++)
    divisor = greatestDivisor(divisor, Math.abs((samples[i] as number) - first));
  return divisor;
}
