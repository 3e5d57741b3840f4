import { createHash, type Hash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import { parquetMetadata, type SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import { checkOf, FILE_FORMAT, type Place, sha256Of } from "./place.ts";
import type { Kind } from "./ports.ts";

const FORMAT_KEY = "openward.archive";

/** A block, or the blocks of a day, as they lie in PostgreSQL: their bytes are not looked into. */
export interface StoredBlock {
  readonly streamId: string;
  /** Of a day its start. */
  readonly periodStart: number;
  readonly associationId: string;
  readonly patientId: string;
  /** Of a day, where each hour begins in the payload, and the end; null: one block. */
  readonly bounds: readonly number[] | null;
  readonly payload: Buffer;
  readonly overview: Buffer | null;
  /** Of the row that it was made of, to know whether it still is that. */
  readonly source: {
    readonly check: Buffer;
    /** Where the part of the day lay that was archived before. */
    readonly base: { readonly fileId: number; readonly at: number } | null;
  };
}

export interface PlacedBlock {
  readonly block: Omit<StoredBlock, "payload" | "overview">;
  readonly payload: Place;
  readonly overview: Place | null;
}

const required = (name: string, type: SchemaElement["type"], rest: Partial<SchemaElement> = {}): SchemaElement =>
  ({ name, ...(type ? { type } : {}), repetition_type: "REQUIRED", ...rest }) as SchemaElement;
const uuid = (name: string) =>
  required(name, "FIXED_LEN_BYTE_ARRAY", { type_length: 16, logical_type: { type: "UUID" } });

const SCHEMA: SchemaElement[] = [
  { name: "root", num_children: 7 },
  uuid("stream_id"),
  required("period_start", "INT64"),
  uuid("association_id"),
  uuid("patient_id"),
  {
    name: "bounds",
    repetition_type: "OPTIONAL",
    num_children: 1,
    converted_type: "LIST",
    logical_type: { type: "LIST" },
  },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  required("element", "INT32"),
  required("payload", "BYTE_ARRAY"),
  required("overview", "BYTE_ARRAY", { repetition_type: "OPTIONAL" }),
];

/**
 * A Parquet file of blocks, a row each, written group by group so that nobody waits long. Payload and overview are plain
 * and not compressed again, so that each is one range of bytes of the file: a block is fetched without reading the rest.
 */
export class ArchiveFileWriter {
  readonly placed: PlacedBlock[] = [];
  readonly #out = new ByteWriter(1 << 20);
  readonly #writer: ParquetWriter;
  readonly #hash: Hash = createHash("sha256");
  #hashed = 0;

  constructor(organisationId: string, kind: Kind) {
    const kvMetadata = [
      { key: FORMAT_KEY, value: String(FILE_FORMAT) },
      { key: "openward.organisation", value: organisationId },
      { key: "openward.kind", value: kind },
    ];
    this.#writer = new ParquetWriter({
      writer: this.#out,
      schema: SCHEMA,
      codec: "UNCOMPRESSED",
      statistics: false,
      kvMetadata,
      createdBy: "openward",
    });
  }

  /** The next row group. */
  add(blocks: readonly StoredBlock[]): void {
    const start = this.#out.offset;
    const plain = { encoding: "PLAIN", codec: "UNCOMPRESSED" } as const;
    const columnData: ColumnSource[] = [
      { name: "stream_id", data: blocks.map((b) => b.streamId) },
      { name: "period_start", data: blocks.map((b) => BigInt(b.periodStart)) },
      { name: "association_id", data: blocks.map((b) => b.associationId) },
      { name: "patient_id", data: blocks.map((b) => b.patientId) },
      { name: "bounds", data: blocks.map((b) => b.bounds) },
      { name: "payload", data: blocks.map((b) => b.payload), ...plain },
      { name: "overview", data: blocks.map((b) => b.overview), ...plain },
    ];
    this.#writer.write({ columnData, rowGroupSize: blocks.length });
    const written = this.#written();
    const from = this.#find(blocks, written.subarray(start), start);
    this.placed.push(...from);
    this.#update(written);
  }

  /** The whole file, and its SHA-256. */
  finish(): { bytes: Uint8Array; sha256: Buffer } {
    this.#writer.finish();
    const bytes = this.#written();
    this.#update(bytes);
    return { bytes, sha256: this.#hash.digest() };
  }

  #written(): Buffer {
    return Buffer.from(this.#out.buffer, 0, this.#out.index);
  }

  #update(written: Uint8Array): void {
    this.#hash.update(written.subarray(this.#hashed));
    this.#hashed = written.length;
  }

  // Plain byte arrays are a length and the bytes, one behind the other; between two pages there is a page header.
  #find(blocks: readonly StoredBlock[], group: Buffer, start: number): PlacedBlock[] {
    let at = 0;
    const next = (value: Buffer): Place => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      const beginning = Buffer.concat([length, value.subarray(0, 64)]);
      for (at = group.indexOf(beginning, at); at >= 0; at = group.indexOf(beginning, at + 1)) {
        if (group.subarray(at + 4, at + 4 + value.length).equals(value)) break;
      }
      if (at < 0) throw new Error("a value that was written is not in the file");
      const place = { at: start + at + 4, length: value.length, check: checkOf(value) };
      at += 4 + value.length;
      return place;
    };
    // Column by column, as they lie.
    const payloads = blocks.map((block) => next(block.payload));
    const overviews = blocks.map((block) => block.overview && next(block.overview));
    return blocks.map(({ payload: _, overview: __, ...block }, i) => ({
      block,
      payload: payloads[i] as Place,
      overview: overviews[i] ?? null,
    }));
  }
}

/**
 * Compares what was read back with what was written: the whole file, its footer, and each block at its place.
 *
 * @param pause lets others have their turn
 * @throws RefusedInput ARCHIVE_DAMAGED
 */
export async function verifyFile(
  key: string,
  bytes: Buffer,
  expected: { readonly sha256: Buffer; readonly placed: readonly PlacedBlock[] },
  pause: () => Promise<void>,
): Promise<void> {
  const differs = (received: string) => new RefusedInput("ARCHIVE_DAMAGED", { at: key, received });
  if (!(await sha256Of(bytes, pause)).equals(expected.sha256)) throw differs("other bytes than were written");
  const { num_rows, key_value_metadata } = parquetMetadata(arrayBufferOf(bytes));
  const format = key_value_metadata?.find((entry) => entry.key === FORMAT_KEY)?.value;
  if (format !== String(FILE_FORMAT)) throw differs("another format");
  if (Number(num_rows) !== expected.placed.length) throw differs("another number of rows");
  for (const [i, { payload, overview }] of expected.placed.entries()) {
    if (i % 64 === 0) await pause();
    for (const place of [payload, overview]) {
      if (place && !isAt(bytes, place)) throw differs("a block that is not at its place");
    }
  }
}

const isAt = (bytes: Buffer, { at, length, check }: Place) => checkOf(bytes.subarray(at, at + length)).equals(check);

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
