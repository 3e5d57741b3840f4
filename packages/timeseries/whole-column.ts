import { RefusedInput } from "@openward/errors";
import type { Sections, SectionWriter } from "./sections.ts";
import { WholeDecoder, WholeEncoder } from "./whole-coder.ts";

/** How far from zero the numbers of a column may be, so that differences of differences are exact. */
export const WHOLE_MAX = 2 ** 50;

const CONSTANT = 0;
const LINEAR = 1;
/** Differences, less a common step. */
const DIFFERENCES = 2;
const SECOND_DIFFERENCES = 3;

/**
 * A column of whole numbers, by what its differences look like: constant, linear, differences less a step, or differences
 * of differences; divided by their greatest common divisor, so that a scale that is finer than the data costs nothing.
 */
export function writeWholes(out: SectionWriter, values: Float64Array): void {
  const { head } = out;
  const count = values.length;
  const first = values[0] ?? 0;
  const { step, divisor, isLinear, isSecondSmaller } = shapeOf(values);
  if (isLinear) {
    head.u8(step === 0 ? CONSTANT : LINEAR);
    head.zigzag(first);
    if (step !== 0) head.zigzag(step);
    return;
  }
  const coder = new WholeEncoder(out.body);
  let before = first;
  if (isSecondSmaller) {
    head.u8(SECOND_DIFFERENCES);
    head.zigzag(first);
    head.varint(divisor);
    let stepBefore = 0;
    for (let i = 1; i < count; i++) {
      const value = values[i] as number;
      const next = (value - before) / divisor;
      coder.write(next - stepBefore);
      stepBefore = next;
      before = value;
    }
    return;
  }
  head.u8(DIFFERENCES);
  head.zigzag(first);
  head.varint(divisor);
  head.zigzag(step / divisor);
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    coder.write((value - before - step) / divisor);
    before = value;
  }
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readWholes({ head, body }: Sections, values: Float64Array): void {
  const mode = head.u8();
  const count = values.length;
  let value = head.zigzag();
  if (mode === CONSTANT) {
    values.fill(value);
    return;
  }
  if (mode === LINEAR) {
    const step = head.zigzag();
    for (let i = 0; i < count; i++) values[i] = value + i * step;
    return;
  }
  if (mode !== DIFFERENCES && mode !== SECOND_DIFFERENCES) throw new RefusedInput("BLOCK_CORRUPT", { at: "column" });
  const divisor = head.varint();
  const coder = new WholeDecoder(body);
  if (count === 0) return;
  values[0] = value;
  if (mode === DIFFERENCES) {
    const step = head.zigzag() * divisor;
    coder.addUp(values, step, divisor);
    return;
  }
  let step = 0;
  for (let i = 1; i < count; i++) {
    step += coder.read();
    value += step * divisor;
    values[i] = value;
  }
}

interface Shape {
  /** Taken from each difference: 0, or the commonest difference of a column that mostly goes on steadily. */
  readonly step: number;
  /** Of all differences. */
  readonly divisor: number;
  readonly isLinear: boolean;
  readonly isSecondSmaller: boolean;
}

function shapeOf(values: Float64Array): Shape {
  const count = values.length;
  const steady = count > 1 ? steadyStep(values) : 0;
  let divisor = Math.abs(steady);
  let plain = 0;
  let stepped = 0;
  let second = 0;
  let before = values[0] ?? 0;
  let differenceBefore = 0;
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    const difference = value - before;
    plain += digits(difference);
    stepped += digits(difference - steady);
    second += digits(difference - differenceBefore);
    if (divisor !== 1) divisor = greatestDivisor(divisor, Math.abs(difference));
    before = value;
    differenceBefore = difference;
  }
  const isSteady = stepped < plain;
  return {
    step: isSteady || stepped === 0 ? steady : 0,
    divisor,
    isLinear: stepped === 0,
    // Noise doubles in second differences, so they must be clearly smaller.
    isSecondSmaller: second * 8 < 7 * Math.min(plain, stepped),
  };
}

/** The difference that is most common among some. */
function steadyStep(values: Float64Array): number {
  const stride = Math.max(1, Math.floor((values.length - 1) / 31));
  const seen = new Map<number, number>();
  let best = 0;
  let most = 0;
  for (let i = 1; i < values.length; i += stride) {
    const difference = (values[i] as number) - (values[i - 1] as number);
    const times = (seen.get(difference) ?? 0) + 1;
    seen.set(difference, times);
    if (times > most) [best, most] = [difference, times];
  }
  return best;
}

/** About how many bits a difference costs. */
function digits(difference: number): number {
  return difference === 0 ? 0 : 33 - Math.clz32(Math.min(Math.abs(difference), 2 ** 31));
}

export function greatestDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
