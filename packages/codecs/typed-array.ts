export type NumericArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Typed arrays are in the byte order of the machine; all we run on are little-endian, and this keeps it checked. */
const MACHINE_IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * A typed array of RFC 8746, copied out of the body. 64-bit integers become doubles, and NaN where a double cannot hold
 * them; 16-bit floats become doubles.
 *
 * @param room so many bytes to copy into, at an offset that is a multiple of eight
 * @returns undefined for a reserved tag, 128-bit floats, or bytes that are no whole number of elements
 * @source RFC 8746 section 2: tag = 0b010_f_s_e_ll (float, signed, little-endian, length)
 */
export function typedArray(
  tag: number,
  bytes: Uint8Array,
  room: (length: number) => Uint8Array = (length) => new Uint8Array(length),
): NumericArray | undefined {
  const isFloat = (tag & 16) !== 0;
  const isSigned = (tag & 8) !== 0;
  const isLittle = (tag & 4) !== 0;
  const ll = tag & 3;
  if (isFloat && isSigned) return undefined;
  const width = isFloat ? 2 << ll : 1 << ll;
  if (width > 8 || bytes.length % width !== 0) return undefined;
  if (width === 1) {
    // 68 is "clamped" for the sender's arithmetic, the same bytes for us; 76 is reserved.
    if (tag === 76) return undefined;
    const copy = room(bytes.length);
    copy.set(bytes);
    return isSigned ? new Int8Array(copy.buffer, copy.byteOffset, copy.length) : copy;
  }
  const count = bytes.length / width;
  if (isFloat && width === 2) return eachDouble(bytes, count, 2, (view, at) => float16(view.getUint16(at, isLittle)));
  if (!isFloat && width === 8) {
    return eachDouble(bytes, count, 8, (view, at) => {
      const value = isSigned ? view.getBigInt64(at, isLittle) : view.getBigUint64(at, isLittle);
      const double = Number(value);
      return Number.isSafeInteger(double) ? double : Number.NaN;
    });
  }
  const copy = room(bytes.length);
  if (isLittle === MACHINE_IS_LITTLE) copy.set(bytes);
  else swap(bytes, copy, width);
  const { buffer, byteOffset } = copy;
  if (isFloat)
    return width === 4 ? new Float32Array(buffer, byteOffset, count) : new Float64Array(buffer, byteOffset, count);
  if (width === 2)
    return isSigned ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count);
  return isSigned ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count);
}

/** IEEE 754 half precision. Source: RFC 8949 appendix D. */
export function float16(half: number): number {
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

function eachDouble(
  bytes: Uint8Array,
  count: number,
  width: number,
  read: (view: DataView, at: number) => number,
): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = read(view, i * width);
  return out;
}

function swap(bytes: Uint8Array, out: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) {
    for (let j = 0; j < width; j++) out[i + j] = bytes[i + width - 1 - j] ?? 0;
  }
}

export function isNumericArray(value: unknown): value is NumericArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
