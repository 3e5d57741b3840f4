import { RefusedInput } from "@openward/errors";
import { isRecord, parseBody } from "./body.ts";
import type { Subject } from "./codec.ts";
import { createRefusals, type ItemProblem, type Refusals } from "./refusals.ts";
import { parseOffset, parseTime } from "./time.ts";
import { isNumericArray } from "./typed-array.ts";

/** A sample that is missing; the same number as ABSENT_SAMPLE of packages/model. */
export const ABSENT_SAMPLE = -2147483648;
export const MAX_SAMPLES = 100_000;
const MAX_WAVEFORMS = 1_000;
const MAX_INT32 = 2147483647;
const MAX_RATE_HZ = 1_000_000;
const MAX_MS = 8.64e15;
const FIELDS = new Set(["signal", "start", "rate", "unit", "scale", "origin", "samples"]);

export interface DecodedWaveform {
  /** Of which item of the body it is. */
  readonly item: number;
  /** As sent; not yet looked up. */
  readonly signal: string;
  /** ms UTC, with a fraction where the device has one; NaN where the body says none. */
  readonly start: number;
  readonly utcOffsetMinutes: number | null;
  readonly rateHz: number;
  /** As sent; null where the body says none. */
  readonly unit: string | null;
  /** value = sample x scale + origin */
  readonly scale: number;
  readonly origin: number;
  readonly samples: Int32Array;
  /** Bits of QUALITY of packages/model; left out: none. */
  readonly quality?: number;
  /** Of whom the bytes say that they are, where they do. */
  readonly subject?: Subject;
}

export interface DecodedWaveforms {
  readonly waveforms: readonly DecodedWaveform[];
  readonly refused: readonly ItemProblem[];
}

/**
 * `devices/{device}/waveform`: one or an array of
 * `{"signal", "start", "rate", "unit", "scale", "origin", "samples"}`. Samples are integers; null or "E" (as in FHIR's
 * SampledData) is a missing one; in CBOR a typed array (RFC 8746), where NaN of a float array is a missing one.
 *
 * @throws RefusedInput MALFORMED_JSON, MALFORMED_CBOR, BODY_SHAPE, BODY_TOO_LARGE
 */
export function decodeWaveform(body: Uint8Array, format: string): DecodedWaveforms {
  return readWaveforms(parseBody(body, format));
}

/** The same from a tree that is parsed already. */
export function readWaveforms(root: unknown): DecodedWaveforms {
  const refusals = createRefusals();
  const waveforms: DecodedWaveform[] = [];
  const items = Array.isArray(root) ? root : [root];
  if (!Array.isArray(root) && !isRecord(root)) {
    throw new RefusedInput("BODY_SHAPE", { expected: "a waveform, or an array of them" });
  }
  if (items.length === 0) throw new RefusedInput("BODY_SHAPE", { expected: "at least one waveform" });
  if (items.length > MAX_WAVEFORMS) {
    throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_WAVEFORMS} waveforms` });
  }
  for (let i = 0; i < items.length; i++) {
    const waveform = readWaveform(items[i], i, refusals);
    if (waveform) waveforms.push(waveform);
  }
  return { waveforms, refused: refusals.close() };
}

function readWaveform(item: unknown, index: number, refusals: Refusals): DecodedWaveform | undefined {
  if (!isRecord(item)) return void refusals.add(index, "BODY_SHAPE", "", "a waveform object");
  for (const key in item) {
    if (!FIELDS.has(key))
      return void refusals.add(index, "BODY_SHAPE", key, `no other fields than ${[...FIELDS].join(", ")}`);
  }
  const { signal, start: at, rate, unit = null, scale = 1, origin = 0 } = item;
  if (typeof signal !== "string" || signal.length === 0 || signal.length > 100) {
    return void refusals.add(index, "SIGNAL_UNKNOWN", "signal", "a signal's key");
  }
  const start = at === undefined ? Number.NaN : parseStart(at);
  if (at !== undefined && Number.isNaN(start)) {
    return void refusals.add(index, "TIME_MALFORMED", "start", "milliseconds UTC, or RFC 3339 with Z or an offset");
  }
  if (typeof rate !== "number" || !(rate > 0 && rate <= MAX_RATE_HZ)) {
    return void refusals.add(index, "RATE_IMPOSSIBLE", "rate", `samples per second, above 0, at most ${MAX_RATE_HZ}`);
  }
  if (unit !== null && (typeof unit !== "string" || unit.length > 64)) {
    return void refusals.add(index, "UNIT_UNKNOWN", "unit", "a UCUM code");
  }
  if (typeof scale !== "number" || !Number.isFinite(scale) || scale === 0) {
    return void refusals.add(index, "VALUE_NOT_A_NUMBER", "scale", "a finite number other than 0");
  }
  if (typeof origin !== "number" || !Number.isFinite(origin)) {
    return void refusals.add(index, "VALUE_NOT_A_NUMBER", "origin", "a finite number");
  }
  const samples = readSamples(item.samples, index, refusals);
  if (!samples) return undefined;
  const utcOffsetMinutes = parseOffset(at);
  return { item: index, signal, start, utcOffsetMinutes, rateHz: rate, unit: unit || null, scale, origin, samples };
}

/** Chunks of a rate that does not divide 1000 begin between milliseconds. */
function parseStart(at: unknown): number {
  if (typeof at === "number") return Math.abs(at) <= MAX_MS ? at : Number.NaN;
  return parseTime(at);
}

function readSamples(given: unknown, index: number, refusals: Refusals): Int32Array | undefined {
  const isTyped = isNumericArray(given);
  if (!isTyped && !Array.isArray(given)) {
    return void refusals.add(index, "BODY_SHAPE", "samples", "an array of integers");
  }
  if (given.length === 0) return void refusals.add(index, "BODY_SHAPE", "samples", "at least one sample");
  if (given.length > MAX_SAMPLES) {
    return void refusals.add(index, "BODY_TOO_LARGE", "samples", `at most ${MAX_SAMPLES} samples`);
  }
  if (
    given instanceof Int16Array ||
    given instanceof Uint8Array ||
    given instanceof Int8Array ||
    given instanceof Uint16Array
  ) {
    return Int32Array.from(given);
  }
  const samples = new Int32Array(given.length);
  for (let i = 0; i < given.length; i++) {
    const sample: unknown = given[i];
    if (typeof sample === "number" && (sample | 0) === sample && sample !== ABSENT_SAMPLE) {
      samples[i] = sample;
    } else if (sample === null || sample === "E" || (isTyped && Number.isNaN(sample))) {
      samples[i] = ABSENT_SAMPLE;
    } else {
      const expected = `integers between -${MAX_INT32} and ${MAX_INT32}, or null where one is missing`;
      return void refusals.add(index, "VALUE_NOT_A_NUMBER", `samples[${i}]`, expected);
    }
  }
  return samples;
}
