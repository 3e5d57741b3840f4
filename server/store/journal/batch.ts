import { crc32 } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { Delivery, JournalEntry, QuarantineEntry, Readings, Waveform } from "@openward/model";
import {
  ByteReader,
  ByteWriter,
  readSamples,
  UuidTable,
  uuidFromBytes,
  uuidToBytes,
  writeSamples,
} from "@openward/timeseries";
import { readReadings, writeReadings } from "./batch-readings.ts";

/**
 * What one organisation sent in one group commit, as bytes, version 1:
 *
 *     "OWJ" version:u8 compression:u8 keyId:u32 batchId:16 organisation:16 position:f64 writtenAt:f64 count:u32
 *     count entries, each a kind:u8 and what belongs to it
 *     crc32:u32 over everything before
 *
 * A stream and an association are written out at their first mention; after that their number stands for them.
 */
export const BATCH_VERSION = 1;

const HEADER_BYTES = 61;
const AT = { batchId: 9, organisation: 25, position: 41, writtenAt: 49, count: 57 } as const;
const KIND = { readings: 1, waveform: 2, json: 3, quarantine: 4, delivery: 5 } as const;

/** Entries other than readings and waveforms: few, and with a table of their own (but for deliveries). */
export type RareEntry = Exclude<JournalEntry, { kind: "readings" | "waveform" }>;

export interface BatchHeader {
  readonly batchId: string;
  readonly organisationId: string;
  /** Its place in the journal. */
  readonly position: number;
  /** Server time at which the batch was begun. */
  readonly writtenAt: number;
  readonly count: number;
}

interface Mark {
  readonly length: number;
  readonly count: number;
  readonly streams: number;
  readonly associations: number;
}

const utf8 = new TextDecoder();

/** Encodes entries as they come; `seal` makes the batch. Can be used again after `begin`. */
export class BatchWriter {
  readonly #out = new ByteWriter(64 * 1024);
  readonly #streams = new Map<string, { index: number; associationId: string }>();
  #streamCount = 0;
  readonly #associations = new Map<string, number>();
  #count = 0;
  #writtenAt = 0;
  organisationId = "";

  begin(organisationId: string, writtenAt: number): void {
    this.organisationId = organisationId;
    this.#writtenAt = writtenAt;
    this.#streams.clear();
    this.#associations.clear();
    this.#streamCount = 0;
    this.#count = 0;
    this.#out.length = 0;
    this.#out.reserve(HEADER_BYTES);
    this.#out.bytes.fill(0, 0, HEADER_BYTES);
    this.#out.bytes.set([0x4f, 0x57, 0x4a, BATCH_VERSION], 0);
    uuidToBytes(organisationId, this.#out.bytes, AT.organisation);
    this.#out.length = HEADER_BYTES;
  }

  get length(): number {
    return this.#out.length;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    return this.#out.bytes.length;
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  mark(): Mark {
    return {
      length: this.#out.length,
      count: this.#count,
      streams: this.#streamCount,
      associations: this.#associations.size,
    };
  }

  /** Forget what was added after the mark. */
  rewind(mark: Mark): void {
    this.#out.length = mark.length;
    this.#count = mark.count;
    for (const [id, { index }] of this.#streams) if (index >= mark.streams) this.#streams.delete(id);
    this.#streamCount = mark.streams;
    for (const [id, index] of this.#associations) if (index >= mark.associations) this.#associations.delete(id);
  }

  add(entry: JournalEntry): void {
    const out = this.#out;
    switch (entry.kind) {
      case "readings":
        this.#readings(entry.readings);
        break;
      case "waveform":
        this.#waveform(entry.waveform);
        break;
      case "quarantine": {
        const { raw, ...rest } = entry.entry;
        out.u8(KIND.quarantine);
        out.text(JSON.stringify(rest));
        out.varint(raw.length);
        out.raw(raw);
        break;
      }
      case "delivery":
        out.u8(KIND.delivery);
        out.text(entry.delivery.deviceId);
        out.text(entry.delivery.key);
        out.f64(entry.delivery.receivedAt);
        break;
      default:
        out.u8(KIND.json);
        out.text(JSON.stringify(entry));
    }
    this.#count++;
  }

  #readings(readings: Readings): void {
    this.#out.u8(KIND.readings);
    this.#stream(readings.stream.id, readings.associationId);
    writeReadings(this.#out, readings, this.#writtenAt);
  }

  #waveform(waveform: Waveform): void {
    const out = this.#out;
    out.u8(KIND.waveform);
    this.#stream(waveform.stream.id, waveform.associationId);
    out.f64(waveform.start);
    out.f64(waveform.rateHz);
    out.f64(waveform.scale);
    out.f64(waveform.origin);
    out.u8(waveform.quality);
    out.varint(waveform.utcOffsetMinutes === null ? 0 : waveform.utcOffsetMinutes + 1441);
    out.f64(waveform.receivedAt);
    out.varint(waveform.samples.length);
    const at = out.length;
    out.u32(0);
    writeSamples(out, waveform.samples);
    out.u32At(at, out.length - at - 4);
  }

  #stream(streamId: string, associationId: string): void {
    const known = this.#streams.get(streamId);
    if (known && known.associationId === associationId) {
      this.#out.varint(known.index);
      return;
    }
    const index = this.#streamCount++;
    this.#streams.set(streamId, { index, associationId });
    this.#out.varint(index);
    this.#out.raw(bytesOfUuid(streamId));
    const association = this.#associations.get(associationId);
    this.#out.varint(association ?? this.#associations.size);
    if (association !== undefined) return;
    this.#associations.set(associationId, this.#associations.size);
    this.#out.raw(bytesOfUuid(associationId));
  }

  /** The finished batch; valid until the next `begin`. */
  seal(batchId: string, position: number): Buffer {
    const out = this.#out;
    out.reserve(4);
    uuidToBytes(batchId, out.bytes, AT.batchId);
    const view = new DataView(out.bytes.buffer);
    view.setFloat64(AT.position, position, true);
    view.setFloat64(AT.writtenAt, this.#writtenAt, true);
    view.setUint32(AT.count, this.#count, true);
    out.u32(crc32(out.written()));
    return Buffer.from(out.bytes.buffer, 0, out.length);
  }
}

// The same few streams come in every batch.
const uuidBytes = new Map<string, Uint8Array>();

function bytesOfUuid(uuid: string): Uint8Array {
  let bytes = uuidBytes.get(uuid);
  if (!bytes) {
    if (uuidBytes.size >= 50_000) uuidBytes.clear();
    bytes = uuidToBytes(uuid);
    uuidBytes.set(uuid, bytes);
  }
  return bytes;
}

const uuids = new UuidTable();

/** What a waveform entry says before its samples. */
export type WaveformHead = Omit<Waveform, "stream" | "associationId" | "samples"> & { readonly length: number };

/** Who reads a batch. `S` is what the reader knows a stream by. */
export interface BatchVisitor<S> {
  /** Once per stream and batch; undefined: its readings are of no interest and passed over. */
  stream(streamId: string, associationId: string): S | undefined;
  reading(
    stream: S,
    time: number,
    value: number,
    quality: number,
    utcOffsetMinutes: number | null,
    receivedAt: number,
  ): void;
  /** `samples` decodes them; not calling it costs nothing. */
  waveform(stream: S, head: WaveformHead, samples: () => Int32Array): void;
  /** @param index place in the batch */
  entry(entry: RareEntry, index: number): void;
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function readBatchHeader(batch: Uint8Array): BatchHeader {
  if (batch.length < HEADER_BYTES + 4 || batch[0] !== 0x4f || batch[1] !== 0x57 || batch[2] !== 0x4a) {
    throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch" });
  }
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const end = batch.length - 4;
  if (crc32(batch.subarray(0, end)) !== view.getUint32(end, true))
    throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch crc" });
  if (batch[3] !== BATCH_VERSION || batch[4] !== 0 || view.getUint32(5, true) !== 0) {
    throw new RefusedInput("BLOCK_VERSION", {
      at: "journal batch",
      expected: String(BATCH_VERSION),
      received: String(batch[3]),
    });
  }
  return {
    batchId: uuidFromBytes(batch, AT.batchId),
    organisationId: uuidFromBytes(batch, AT.organisation),
    position: view.getFloat64(AT.position, true),
    writtenAt: view.getFloat64(AT.writtenAt, true),
    count: view.getUint32(AT.count, true),
  };
}

/**
 * Walk through a batch in the order in which it was written.
 *
 * @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION
 */
export function readBatch<S>(batch: Uint8Array, visitor: BatchVisitor<S>): BatchHeader {
  const header = readBatchHeader(batch);
  const input = new ByteReader(batch, HEADER_BYTES, batch.length - 4);
  const streams: (S | undefined)[] = [];
  const associations: string[] = [];
  const stream = () => {
    const index = input.varint();
    if (index > streams.length) throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch stream" });
    if (index < streams.length) return streams[index];
    const streamId = input.uuid(uuids);
    const association = input.varint();
    if (association > associations.length) throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch association" });
    if (association === associations.length) associations.push(input.uuid(uuids));
    streams.push(visitor.stream(streamId, associations[association] as string));
    return streams[index];
  };
  for (let index = 0; index < header.count; index++) {
    const kind = input.u8();
    switch (kind) {
      case KIND.readings:
        readReadings(input, stream(), visitor, header.writtenAt);
        break;
      case KIND.waveform:
        readWaveform(input, stream(), visitor);
        break;
      case KIND.json:
        visitor.entry(JSON.parse(input.text()) as RareEntry, index);
        break;
      case KIND.quarantine: {
        const rest = JSON.parse(utf8.decode(input.raw(input.varint()))) as Omit<QuarantineEntry, "raw">;
        visitor.entry(
          { kind: "quarantine", entry: { ...rest, raw: new Uint8Array(input.raw(input.varint())) } },
          index,
        );
        break;
      }
      case KIND.delivery: {
        const delivery: Delivery = {
          organisationId: header.organisationId,
          deviceId: input.text(),
          key: input.text(),
          receivedAt: input.f64(),
        };
        visitor.entry({ kind: "delivery", delivery }, index);
        break;
      }
      default:
        throw new RefusedInput("BLOCK_VERSION", { at: "journal entry", received: String(kind) });
    }
  }
  return header;
}

function readWaveform<S>(input: ByteReader, stream: S | undefined, visitor: BatchVisitor<S>): void {
  const start = input.f64();
  const rateHz = input.f64();
  const scale = input.f64();
  const origin = input.f64();
  const quality = input.u8();
  const offset = input.varint();
  const receivedAt = input.f64();
  const length = input.varint();
  const bytes = input.raw(input.u32());
  if (stream === undefined) return;
  const utcOffsetMinutes = offset === 0 ? null : offset - 1441;
  const head = { start, rateHz, scale, origin, quality, utcOffsetMinutes, receivedAt, length };
  visitor.waveform(stream, head, () => readSamples(new ByteReader(bytes), length));
}

/** The organisation that an entry belongs to. */
export function organisationOf(entry: JournalEntry): string {
  switch (entry.kind) {
    case "stream":
      return entry.stream.organisationId;
    case "readings":
      return entry.readings.stream.organisationId;
    case "waveform":
      return entry.waveform.stream.organisationId;
    case "event":
      return entry.event.organisationId;
    case "status":
      return entry.status.organisationId;
    case "clock":
      return entry.sighting.organisationId;
    case "delivery":
      return entry.delivery.organisationId;
    case "quarantine":
      return entry.entry.organisationId;
    case "alarm":
      return entry.alarm.organisationId;
    case "standby":
      return entry.standby.organisationId;
    case "expectation":
      return entry.organisationId;
  }
}
