import { RefusedInput } from "@openward/errors";
import type { ByteReader, ByteWriter } from "./bytes.ts";

const WHOLE = 0;
const FLOAT = 1;
/** One divided by a whole number: gains are often "200 units per mV". */
const RECIPROCAL = 2;
const SHORT_MAX = 2 ** 50;

const isShort = (value: number) => Number.isInteger(value) && Math.abs(value) <= SHORT_MAX && !Object.is(value, -0);

/** Any number, exactly; rates, gains and whole times in few bytes. */
export function writeNumber(out: ByteWriter, value: number): void {
  const reciprocal = Math.round(1 / value);
  if (isShort(value)) {
    out.u8(WHOLE);
    out.zigzag(value);
  } else if (isShort(reciprocal) && Object.is(1 / reciprocal, value)) {
    out.u8(RECIPROCAL);
    out.zigzag(reciprocal);
  } else {
    out.u8(FLOAT);
    out.f64(value);
  }
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readNumber(input: ByteReader): number {
  const kind = input.u8();
  if (kind === WHOLE) return input.zigzag();
  if (kind === RECIPROCAL) return 1 / input.zigzag();
  if (kind === FLOAT) return input.f64();
  throw new RefusedInput("BLOCK_CORRUPT", { at: "number" });
}
