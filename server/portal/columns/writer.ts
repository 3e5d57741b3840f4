import { CborWriter } from "./cbor-writer.ts";
import { JsonWriter } from "./json-writer.ts";
import type { Lease } from "./output-memory.ts";

/** One document, written front to back into bytes: what is said once here is said in every format. */
export interface ColumnWriter {
  /** Bytes that are written and not yet taken. */
  readonly length: number;
  beginMap(): void;
  endMap(): void;
  beginArray(): void;
  endArray(): void;
  /** Of the next value in a map. Names of the contract: ASCII, nothing to escape. */
  key(name: string): void;
  /** Anything that JSON can say, for what is small. */
  value(value: unknown): void;
  /** A whole value that was written before, by a writer of the same format. */
  encoded(value: Uint8Array): void;
  /** Keys and values of a map that were written before: what `fieldsOf` gave. */
  encodedFields(fields: Uint8Array): void;
  /** NaN, "nothing was measured", is null in JSON and NaN in CBOR. */
  floats(column: Float64Array): void;
  wholes(column: Uint8Array | Uint32Array): void;
  /** ABSENT_SAMPLE is null in JSON, and itself in CBOR. */
  samples(column: Int32Array): void;
  /** What was written since the last time. */
  take(): Uint8Array;
}

export interface Format {
  readonly type: "application/json" | "application/cbor";
  /** @param place how many bytes to begin with, or where */
  writer(place?: number | Lease): ColumnWriter;
  /** The fields of an object as bytes, to be put into many maps. */
  fieldsOf(object: Readonly<Record<string, unknown>>): Uint8Array;
}

/** The fields that are written between the beginning and the end of a map, as bytes for `encodedFields`. */
export function fieldsWritten(format: Format, write: (writer: ColumnWriter) => void): Uint8Array {
  const writer = format.writer(512);
  writer.beginMap();
  write(writer);
  writer.endMap();
  return trimmed(writer.take());
}

const trimmed = (written: Uint8Array) => written.slice(1, -1);

export const JSON_FORMAT: Format = {
  type: "application/json",
  writer: (place) => new JsonWriter(place),
  fieldsOf(object) {
    const writer = new JsonWriter(512);
    writer.value(object);
    return trimmed(writer.take());
  },
};

export const CBOR_FORMAT: Format = {
  type: "application/cbor",
  writer: (place) => new CborWriter(place),
  fieldsOf(object) {
    const writer = new CborWriter(512);
    writer.value(object);
    return trimmed(writer.take());
  },
};
