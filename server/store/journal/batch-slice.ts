import type { JournalEntry, Readings, Waveform } from "@openward/model";
import { ByteWriter, uuidToBytes, writeSamples } from "@openward/timeseries";
import type { DataKey } from "../keys/ports.ts";
import { KIND } from "./batch-format.ts";
import { writeReadings } from "./batch-readings.ts";

/** Where a stream stands in the slice of its patient. */
export interface NamedStream {
  readonly slice: BatchSlice;
  readonly index: number;
  readonly associationId: string;
}

const OUTGROWN_BYTES = 256 * 1024;

/** The entries of one key while a batch is gathered, not yet encrypted. Used again and again. */
export class BatchSlice {
  out = new ByteWriter(256);
  key: DataKey | undefined;
  count = 0;
  streams = 0;
  /** It knows how it was before what is being added. */
  isMarked = false;
  readonly #associations: string[] = [];
  #lengthBefore = 0;
  #countBefore = 0;
  #streamsBefore = 0;
  #associationsBefore = 0;

  begin(key: DataKey): void {
    // One that was unusually large does not keep its memory for ever.
    if (this.out.bytes.length > OUTGROWN_BYTES) this.out = new ByteWriter(256);
    this.out.length = 0;
    this.key = key;
    this.count = 0;
    this.streams = 0;
    this.isMarked = false;
    this.#associations.length = 0;
  }

  mark(): void {
    this.isMarked = true;
    this.#lengthBefore = this.out.length;
    this.#countBefore = this.count;
    this.#streamsBefore = this.streams;
    this.#associationsBefore = this.#associations.length;
  }

  /** As it was at the mark. */
  rewind(): void {
    this.out.length = this.#lengthBefore;
    this.count = this.#countBefore;
    this.streams = this.#streamsBefore;
    this.#associations.length = this.#associationsBefore;
  }

  /** @param known what the batch has named so far, by stream */
  readings(readings: Readings, base: number, known: Map<string, NamedStream>): void {
    this.out.u8(KIND.readings);
    this.#stream(readings.stream.id, readings.associationId, known);
    writeReadings(this.out, readings, base);
  }

  waveform(waveform: Waveform, known: Map<string, NamedStream>): void {
    const { out } = this;
    out.u8(KIND.waveform);
    this.#stream(waveform.stream.id, waveform.associationId, known);
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

  /** @param ordinal place in the batch */
  rare(entry: Exclude<JournalEntry, { kind: "readings" | "waveform" }>, ordinal: number): void {
    const { out } = this;
    switch (entry.kind) {
      case "quarantine": {
        const { raw, ...rest } = entry.entry;
        out.u8(KIND.quarantine);
        out.varint(ordinal);
        out.text(JSON.stringify(rest));
        out.varint(raw.length);
        out.raw(raw);
        break;
      }
      case "delivery":
        out.u8(KIND.placedDelivery);
        out.varint(ordinal);
        out.text(entry.delivery.deviceId);
        out.text(entry.delivery.key);
        out.f64(entry.delivery.receivedAt);
        out.text(entry.delivery.associationId ?? "");
        break;
      default:
        out.u8(KIND.json);
        out.varint(ordinal);
        out.text(JSON.stringify(entry));
    }
  }

  /** Written out at its first mention; after that its number stands for it. */
  #stream(streamId: string, associationId: string, known: Map<string, NamedStream>): void {
    const named = known.get(streamId);
    if (named && named.slice === this && named.associationId === associationId && named.index < this.streams) {
      this.out.varint(named.index);
      return;
    }
    const index = this.streams++;
    known.set(streamId, { slice: this, index, associationId });
    this.out.varint(index);
    this.out.raw(bytesOfUuid(streamId));
    const association = this.#associations.indexOf(associationId);
    this.out.varint(association < 0 ? this.#associations.length : association);
    if (association >= 0) return;
    this.#associations.push(associationId);
    this.out.raw(bytesOfUuid(associationId));
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
