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
 * @returns undefined for a reserved tag, 128-bit floats, or bytes that are no whole number of elements
 * @source RFC 8746 section 2: tag = 0b010_f_s_e_ll (float, signed, little-endian, length)
 */
export function typedArray(tag: number, bytes: Uint8Array): NumericArray | undefined {
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
    // Not slice(): a Buffer gives a view of the same memory there.
    const copy = new Uint8Array(bytes);
    return isSigned ? new Int8Array(copy.buffer) : copy;
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
  const buffer = isLittle === MACHINE_IS_LITTLE ? new Uint8Array(bytes).buffer : swapped(bytes, width);
  if (isFloat) return width === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  if (width === 2) return isSigned ? new Int16Array(buffer) : new Uint16Array(buffer);
  return isSigned ? new Int32Array(buffer) : new Uint32Array(buffer);
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

function swapped(bytes: Uint8Array, width: number): ArrayBuffer {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += width) {
    for (let j = 0; j < width; j++) out[i + j] = bytes[i + width - 1 - j] ?? 0;
  }
  return out.buffer;
}

export function isNumericArray(value: unknown): value is NumericArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
