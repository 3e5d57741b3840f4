import type { RefusalCode } from "@openward/errors";
import { isRecord } from "../body.ts";
import { ABSENT_SAMPLE, type DecodedWaveform, MAX_SAMPLES } from "../waveform.ts";

type FhirObject = Readonly<Record<string, unknown>>;
type Samples = Pick<DecodedWaveform, "rateHz" | "unit" | "scale" | "origin" | "samples">;

export interface Fault {
  readonly code: RefusalCode;
  readonly at: string;
  readonly expected: string;
}

const DECIMAL = /^-?\d{1,10}(?:\.\d{1,10})?$/;
const TEXT_MAX = 4_000_000;
/** A sample is a whole number of some decimal step: so many digits are looked for behind the point. */
const DIGITS_MAX = 6;

/**
 * Samples of SampledData as whole numbers: value = sample x factor + origin. "E" is missing; "L" and "U" stand for values beyond
 * what the device can tell, which is no number either.
 */
export function readSampledData(data: FhirObject, unitOf: (quantity: FhirObject) => string | null): Samples | Fault {
  const { origin, period, factor = 1, dimensions, data: text } = data;
  if (!isRecord(origin) || typeof origin.value !== "number" || !Number.isFinite(origin.value))
    return { code: "VALUE_NOT_A_NUMBER", at: "origin.value", expected: "a decimal number" };
  const unit = unitOf(origin);
  if (unit === null) return { code: "UNIT_UNKNOWN", at: "origin.code", expected: "a code of UCUM or MDC" };
  if (typeof period !== "number" || !(period > 0.001) || !(period <= 3_600_000))
    return { code: "RATE_IMPOSSIBLE", at: "period", expected: "milliseconds between two samples" };
  if (typeof factor !== "number" || !Number.isFinite(factor) || factor === 0)
    return { code: "VALUE_NOT_A_NUMBER", at: "factor", expected: "a number other than zero" };
  if (dimensions !== 1) return { code: "NOT_SUPPORTED", at: "dimensions", expected: "1" };
  if (typeof text !== "string" || text.length > TEXT_MAX)
    return { code: "BODY_SHAPE", at: "data", expected: "samples separated by spaces" };
  const words = text.trim().split(/ +/);
  if (words.length > MAX_SAMPLES || words[0] === "")
    return { code: "BODY_TOO_LARGE", at: "data", expected: `1 to ${MAX_SAMPLES} samples` };
  let digits = 0;
  for (const word of words) {
    if (word === "E" || word === "L" || word === "U") continue;
    if (!DECIMAL.test(word)) return { code: "VALUE_NOT_A_NUMBER", at: "data", expected: "numbers, E, L or U" };
    const point = word.indexOf(".");
    if (point >= 0) digits = Math.max(digits, word.length - point - 1);
  }
  if (digits > DIGITS_MAX)
    return { code: "VALUE_NOT_A_NUMBER", at: "data", expected: `at most ${DIGITS_MAX} digits behind the point` };
  const step = 10 ** digits;
  const samples = new Int32Array(words.length);
  for (const [i, word] of words.entries()) {
    const value = DECIMAL.test(word) ? Math.round(Number(word) * step) : ABSENT_SAMPLE;
    if (value > 2_147_483_647 || value < ABSENT_SAMPLE)
      return { code: "VALUE_NOT_A_NUMBER", at: "data", expected: "samples of 32 bits" };
    samples[i] = value;
  }
  // A factor is decimal text: what division by a power of ten adds behind its digits is dust.
  const scale = digits === 0 ? factor : Number((factor / step).toPrecision(12));
  return { rateHz: rateOf(period), unit, scale, origin: origin.value, samples };
}

/** 1000 / 7.8125 is 128; a rate is what the device has, and not the quotient's last bit. */
const rateOf = (period: number): number => Number((1000 / period).toPrecision(12));
