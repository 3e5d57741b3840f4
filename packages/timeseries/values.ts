import { RefusedInput } from "@openward/errors";
import type { Compressor } from "./block-file.ts";
import { ByteWriter } from "./bytes.ts";
import { readFloats, writeFloats } from "./float-column.ts";
import { RangeEncoder } from "./range-coder.ts";
import { findScale, POWERS, type Scale } from "./scale.ts";
import type { Sections, SectionWriter } from "./sections.ts";
import { readWholes, writeWholes } from "./whole-column.ts";

const DECIMAL = 0;
const MULTIPLE = 1;
const FLOATS = 2;
/** Byte by byte, all the first bytes together, and compressed. */
const SHUFFLED = 3;

/**
 * Values as whole numbers times a scale that was found from them, where that is exact for all but a few, and those few
 * apart; else as floats, bit for bit.
 */
export function writeValues(out: SectionWriter, values: Float64Array, compressor: Compressor): void {
  const scale = findScale(values);
  if (!scale) {
    writeTrueFloats(out, values, compressor);
    return;
  }
  const { head } = out;
  head.u8(scale.kind === "decimal" ? DECIMAL : MULTIPLE);
  if (scale.kind === "decimal") head.u8(scale.exponent);
  else head.f64(scale.step);
  const { wholes, exceptions } = scaled(values, scale);
  head.varint(exceptions.length);
  let before = 0;
  for (const index of exceptions) {
    head.varint(index - before);
    head.f64(values[index] as number);
    before = index;
  }
  writeWholes(out, wholes);
}

/** @throws RefusedInput BLOCK_CORRUPT */
export function readValues(sections: Sections, values: Float64Array, compressor: Compressor): void {
  const { head, body } = sections;
  const kind = head.u8();
  if (kind === FLOATS) {
    readFloats(body, values);
    return;
  }
  if (kind === SHUFFLED) {
    readShuffled(sections, values, compressor);
    return;
  }
  if (kind !== DECIMAL && kind !== MULTIPLE) throw new RefusedInput("BLOCK_CORRUPT", { at: "values" });
  const power = kind === DECIMAL ? POWERS[head.u8()] : 1;
  const step = kind === MULTIPLE ? head.f64() : 1;
  if (power === undefined) throw new RefusedInput("BLOCK_CORRUPT", { at: "exponent" });
  const exceptions: [number, number][] = [];
  let at = 0;
  for (let left = head.varint(); left > 0; left--) {
    at += head.varint();
    if (at >= values.length) throw new RefusedInput("BLOCK_CORRUPT", { at: "exceptions" });
    exceptions.push([at, head.f64()]);
  }
  readWholes(sections, values);
  if (kind === MULTIPLE) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * step;
  else if (power !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / power;
  for (const [index, value] of exceptions) values[index] = value;
}

function scaled(values: Float64Array, scale: Scale): { wholes: Float64Array; exceptions: number[] } {
  const wholes = new Float64Array(values.length);
  const exceptions: number[] = [];
  let before = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const whole = scale.wholeOf(values[i] as number);
    if (whole === undefined) exceptions.push(i);
    else if (Number.isNaN(before)) wholes.fill(whole, 0, i);
    if (whole !== undefined) before = whole;
    // An exception goes on where the column was.
    wholes[i] = Number.isNaN(before) ? 0 : before;
  }
  return { wholes, exceptions };
}

function writeTrueFloats(out: SectionWriter, values: Float64Array, compressor: Compressor): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const shuffled = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) shuffled[(i % 8) * values.length + (i >> 3)] = bytes[i] as number;
  const compressed = compressor.compress(shuffled);
  if (floatBytes(values) <= compressed.length + 4) {
    out.head.u8(FLOATS);
    writeFloats(out.body, values);
    return;
  }
  out.head.u8(SHUFFLED);
  out.head.varint(compressed.length);
  out.head.raw(compressed);
}

/** What the floats would take, from writing them once for nothing: such streams are rare. */
function floatBytes(values: Float64Array): number {
  const out = new ByteWriter(values.byteLength);
  const coder = new RangeEncoder(out);
  writeFloats(coder, values);
  coder.finish();
  return out.length;
}

function readShuffled({ head }: Sections, values: Float64Array, compressor: Compressor): void {
  const count = values.length;
  const compressed = head.raw(head.varint());
  let shuffled: Uint8Array;
  try {
    shuffled = compressor.decompress(compressed, count * 8);
  } catch (error) {
    throw new RefusedInput("BLOCK_CORRUPT", { at: "values" }, { cause: error });
  }
  if (shuffled.length !== count * 8) throw new RefusedInput("BLOCK_CORRUPT", { at: "values" });
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = shuffled[(i % 8) * count + (i >> 3)] as number;
}
