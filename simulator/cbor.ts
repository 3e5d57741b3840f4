/** What the simulator's bodies are made of. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Int16Array
  | Int32Array
  | Float64Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

const utf8 = new TextEncoder();

/**
 * Encode as CBOR (RFC 8949), definite lengths; typed arrays as RFC 8746 little-endian (tags 77, 78 and 86).
 * Whole numbers become integers, others 64-bit floats. Keys whose value is undefined are left out.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: CborValue, out: Uint8Array[]): void {
  if (value === null) out.push(Uint8Array.of(0xf6));
  else if (typeof value === "boolean") out.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (typeof value === "number") writeNumber(value, out);
  else if (typeof value === "string") {
    const bytes = utf8.encode(value);
    out.push(head(3, bytes.length), bytes);
  } else if (value instanceof Int16Array) writeTyped(77, value, out);
  else if (value instanceof Int32Array) writeTyped(78, value, out);
  else if (value instanceof Float64Array) writeTyped(86, value, out);
  else if (isList(value)) {
    out.push(head(4, value.length));
    for (const item of value) write(item, out);
  } else {
    const entries = Object.entries(value).filter((entry): entry is [string, CborValue] => entry[1] !== undefined);
    out.push(head(5, entries.length));
    for (const [key, item] of entries) {
      write(key, out);
      write(item, out);
    }
  }
}

function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function writeNumber(value: number, out: Uint8Array[]): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    out.push(value >= 0 ? head(0, value) : head(1, -1 - value));
    return;
  }
  const bytes = new Uint8Array(9);
  bytes[0] = 0xfb;
  new DataView(bytes.buffer).setFloat64(1, value);
  out.push(bytes);
}

function writeTyped(tag: number, array: Int16Array | Int32Array | Float64Array, out: Uint8Array[]): void {
  const width = array.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(array.length * width);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < array.length; i++) {
    if (width === 2) view.setInt16(i * 2, array[i]!, true);
    else if (width === 4) view.setInt32(i * 4, array[i]!, true);
    else view.setFloat64(i * 8, array[i]!, true);
  }
  out.push(head(6, tag), head(2, bytes.length), bytes);
}

function head(major: number, argument: number): Uint8Array {
  const type = major << 5;
  if (argument < 24) return Uint8Array.of(type | argument);
  if (argument < 0x100) return Uint8Array.of(type | 24, argument);
  if (argument < 0x1_0000) return Uint8Array.of(type | 25, argument >> 8, argument & 0xff);
  const bytes = new Uint8Array(argument < 0x1_0000_0000 ? 5 : 9);
  const view = new DataView(bytes.buffer);
  bytes[0] = type | (bytes.length === 5 ? 26 : 27);
  if (bytes.length === 5) view.setUint32(1, argument);
  else view.setBigUint64(1, BigInt(argument));
  return bytes;
}
