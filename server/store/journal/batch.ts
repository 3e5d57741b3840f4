import { crc32 } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { Delivery, JournalEntry, QuarantineEntry, Waveform } from "@openward/model";
import { ByteReader, readSamples, UuidTable, uuidFromBytes } from "@openward/timeseries";
import { open } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";
import {
  AT,
  BATCH_VERSION,
  BOUND_BYTES,
  HEADER_BYTES,
  KIND,
  OLDEST_BATCH_VERSION,
  SLICE_HEADER_BYTES,
} from "./batch-format.ts";
import { type ReadColumns, readReadings } from "./batch-readings.ts";

export { BATCH_VERSION } from "./batch-format.ts";
export { BatchWriter, organisationOf, patientOf } from "./batch-writer.ts";

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

const utf8 = new TextDecoder();
const uuids = new UuidTable();

/** What a waveform entry says before its samples. */
export type WaveformHead = Omit<Waveform, "stream" | "associationId" | "samples"> & { readonly length: number };

/** Who reads a batch. `S` is what the reader knows a stream by. */
export interface BatchVisitor<S> {
  /** false: what is under this key is passed over, unopened. */
  slice?(keyId: number): boolean;
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
  /** In the place of `reading`: those that came together. Their columns hold during the call only. */
  readings?(stream: S, columns: ReadColumns): void;
  /** `samples` decodes them; not calling it costs nothing. */
  waveform(stream: S, head: WaveformHead, samples: () => Int32Array): void;
  /** @param index place in the batch */
  entry(entry: RareEntry, index: number): void;
}

/** The keys that batches are read with. */
export type ReadingKeys = Pick<DataKeys, "byId">;

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION */
export function readBatchHeader(batch: Uint8Array): BatchHeader {
  if (batch.length < HEADER_BYTES + 4 || batch[0] !== 0x4f || batch[1] !== 0x57 || batch[2] !== 0x4a) {
    throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch" });
  }
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const end = batch.length - 4;
  if (crc32(batch.subarray(0, end)) !== view.getUint32(end, true))
    throw new RefusedInput("BLOCK_CORRUPT", { at: "journal batch crc" });
  const version = batch[3] as number;
  if (version < OLDEST_BATCH_VERSION || version > BATCH_VERSION) {
    throw new RefusedInput("BLOCK_VERSION", {
      at: "journal batch",
      expected: `${OLDEST_BATCH_VERSION} to ${BATCH_VERSION}`,
      received: String(version),
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
 * Walk through a batch, slice by slice; each in the order in which it was written. What was encrypted under a key that
 * has been destroyed is as if it were not there.
 *
 * @param onFault told of a slice that does not open; the others are read all the same
 * @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION, KEY_MISSING
 */
export function readBatch<S>(
  batch: Uint8Array,
  visitor: BatchVisitor<S>,
  keys: ReadingKeys,
  onFault: (error: RefusedInput) => void = (error) => {
    throw error;
  },
): BatchHeader {
  const header = readBatchHeader(batch);
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const input = new ByteReader(batch, HEADER_BYTES, batch.length - 4);
  const bound = new Uint8Array(BOUND_BYTES);
  bound.set(batch.subarray(0, HEADER_BYTES));
  const slices = view.getUint32(AT.slices, true);
  for (let place = 0; place < slices; place++) {
    const at = input.position;
    const keyId = input.u32();
    const entries = input.u32();
    const sealed = input.raw(input.u32());
    if (visitor.slice?.(keyId) === false) continue;
    new DataView(bound.buffer).setUint32(HEADER_BYTES, place, true);
    bound.set(batch.subarray(at, at + SLICE_HEADER_BYTES - 4), HEADER_BYTES + 4);
    let plain: Uint8Array;
    try {
      plain = open(keys.byId(keyId).secret, sealed, bound);
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      if (error.code !== "KEY_DESTROYED") onFault(error);
      continue;
    }
    readSlice(new ByteReader(plain), entries, header, visitor);
  }
  return header;
}

/** @throws RefusedInput BLOCK_CORRUPT, BLOCK_VERSION: our own fault, as nobody else could have written it */
function readSlice<S>(input: ByteReader, count: number, header: BatchHeader, visitor: BatchVisitor<S>): void {
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
  for (let n = 0; n < count; n++) {
    const kind = input.u8();
    switch (kind) {
      case KIND.readings:
        readReadings(input, stream(), visitor, header.writtenAt);
        break;
      case KIND.waveform:
        readWaveform(input, stream(), visitor);
        break;
      case KIND.json: {
        const index = input.varint();
        visitor.entry(JSON.parse(input.text()) as RareEntry, index);
        break;
      }
      case KIND.quarantine: {
        const index = input.varint();
        const rest = JSON.parse(utf8.decode(input.raw(input.varint()))) as Omit<QuarantineEntry, "raw">;
        const raw = new Uint8Array(input.raw(input.varint()));
        visitor.entry({ kind: "quarantine", entry: { ...rest, raw } }, index);
        break;
      }
      case KIND.delivery:
      case KIND.placedDelivery: {
        const index = input.varint();
        const { organisationId } = header;
        const delivery: Delivery = {
          organisationId,
          deviceId: input.text(),
          key: input.text(),
          receivedAt: input.f64(),
          // What was written before does not say it.
          associationId: (kind === KIND.placedDelivery && input.text()) || null,
        };
        visitor.entry({ kind: "delivery", delivery }, index);
        break;
      }
      default:
        throw new RefusedInput("BLOCK_VERSION", { at: "journal entry", received: String(kind) });
    }
  }
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
