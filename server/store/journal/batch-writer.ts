import { crc32 } from "node:zlib";
import type { JournalEntry } from "@openward/model";
import { ByteWriter, uuidToBytes } from "@openward/timeseries";
import { SEALED_EXTRA, sealInto } from "../keys/cipher.ts";
import type { DataKeys } from "../keys/ports.ts";
import { AT, BATCH_VERSION, BOUND_BYTES, HEADER_BYTES, SLICE_HEADER_BYTES } from "./batch-format.ts";
import { BatchSlice, type NamedStream } from "./batch-slice.ts";

/** Encodes entries as they come; `seal` encrypts them, a slice for each key, and makes the batch. Used again after `begin`. */
export class BatchWriter {
  readonly #keys: DataKeys;
  readonly #out = new ByteWriter(64 * 1024);
  readonly #streams = new Map<string, NamedStream>();
  readonly #slices = new Map<number, BatchSlice>();
  readonly #spare: BatchSlice[] = [];
  /** Slices that were added to since the mark; each knows how it was then. */
  readonly #touched: BatchSlice[] = [];
  #countAtMark = 0;
  #count = 0;
  #length = 0;
  #writtenAt = 0;
  #lastPatient = "";
  #lastSlice: BatchSlice | undefined;
  organisationId = "";

  constructor(keys: DataKeys) {
    this.#keys = keys;
  }

  begin(organisationId: string, writtenAt: number): void {
    this.organisationId = organisationId;
    this.#writtenAt = writtenAt;
    for (const slice of this.#slices.values()) this.#spare.push(slice);
    this.#slices.clear();
    this.#streams.clear();
    this.#touched.length = 0;
    this.#lastSlice = undefined;
    this.#count = 0;
    this.#countAtMark = 0;
    this.#length = HEADER_BYTES;
  }

  /** About the bytes that the batch will have. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it holds. */
  get capacity(): number {
    let sum = this.#out.bytes.length;
    for (const slice of this.#slices.values()) sum += slice.out.bytes.length;
    for (const slice of this.#spare) sum += slice.out.bytes.length;
    return sum;
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** A moment that can be gone back to, until the next. */
  mark(): void {
    for (const slice of this.#touched) slice.isMarked = false;
    this.#touched.length = 0;
    this.#countAtMark = this.#count;
  }

  /** Forget what was added after the mark. */
  rewind(): void {
    for (const slice of this.#touched) {
      const { length } = slice.out;
      slice.rewind();
      this.#length -= length - slice.out.length;
    }
    for (const [id, { slice, index }] of this.#streams) if (index >= slice.streams) this.#streams.delete(id);
    this.#count = this.#countAtMark;
    this.mark();
  }

  /** @throws RefusedInput KEY_DESTROYED; OutsideTrouble STORE_UNAVAILABLE when a new key cannot be kept */
  add(entry: JournalEntry): void {
    const slice = this.#sliceOf(entry);
    if (!slice.isMarked) {
      slice.mark();
      this.#touched.push(slice);
    }
    const before = slice.out.length;
    if (entry.kind === "readings") slice.readings(entry.readings, this.#writtenAt, this.#streams);
    else if (entry.kind === "waveform") slice.waveform(entry.waveform, this.#streams);
    else slice.rare(entry, this.#count);
    slice.count++;
    this.#count++;
    this.#length += slice.out.length - before;
  }

  #sliceOf(entry: JournalEntry): BatchSlice {
    const patientId = patientOf(entry);
    // A message is several entries of one patient in a row.
    if (patientId !== null && patientId === this.#lastPatient && this.#lastSlice) return this.#lastSlice;
    const keys = this.#keys;
    const { organisationId } = this;
    const key =
      patientId !== null
        ? keys.ofPatient(organisationId, patientId)
        : entry.kind === "quarantine"
          ? keys.ofQuarantine(organisationId, entry.entry.receivedAt)
          : keys.ofOrganisation(organisationId);
    let slice = this.#slices.get(key.id);
    if (!slice) {
      slice = this.#spare.pop() ?? new BatchSlice();
      slice.begin(key);
      this.#slices.set(key.id, slice);
      this.#length += SLICE_HEADER_BYTES + SEALED_EXTRA;
    }
    if (patientId !== null) {
      this.#lastPatient = patientId;
      this.#lastSlice = slice;
    }
    return slice;
  }

  /** The finished batch; valid until the next `begin`. */
  seal(batchId: string, position: number): Buffer {
    const out = this.#out;
    const slices = [...this.#slices.values()].filter((slice) => slice.count > 0);
    out.length = 0;
    out.reserve(
      slices.reduce((sum, slice) => sum + SLICE_HEADER_BYTES + SEALED_EXTRA + slice.out.length, HEADER_BYTES + 4),
    );
    for (const byte of [0x4f, 0x57, 0x4a, BATCH_VERSION]) out.u8(byte);
    uuidToBytes(batchId, out.bytes, AT.batchId);
    uuidToBytes(this.organisationId, out.bytes, AT.organisation);
    out.length = AT.position;
    out.f64(position);
    out.f64(this.#writtenAt);
    out.u32(this.#count);
    out.u32(slices.length);
    const bound = new Uint8Array(BOUND_BYTES);
    bound.set(out.written());
    const boundTo = new DataView(bound.buffer);
    slices.forEach(({ key, count, out: plain }, place) => {
      if (!key) throw new Error("a slice has a key");
      out.u32(key.id);
      out.u32(count);
      out.u32(plain.length + SEALED_EXTRA);
      boundTo.setUint32(HEADER_BYTES, place, true);
      boundTo.setUint32(HEADER_BYTES + 4, key.id, true);
      boundTo.setUint32(HEADER_BYTES + 8, count, true);
      this.#keys.nextIv(out.bytes, out.length);
      out.length += sealInto(key.secret, plain.written(), bound, out.bytes, out.length);
    });
    out.u32(crc32(out.written()));
    return Buffer.from(out.bytes.buffer, 0, out.length);
  }
}

/** The patient whom an entry tells of; null: none. */
export function patientOf(entry: JournalEntry): string | null {
  switch (entry.kind) {
    case "stream":
      return entry.stream.patientId;
    case "readings":
      return entry.readings.stream.patientId;
    case "waveform":
      return entry.waveform.stream.patientId;
    case "event":
      return entry.event.patientId;
    case "alarm":
      return entry.alarm.patientId;
    case "standby":
      return entry.standby.patientId;
    case "expectation":
      return entry.patientId;
    case "status":
    case "clock":
    case "clock-state":
    case "delivery":
    case "quarantine":
      return null;
  }
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
    case "clock-state":
      return entry.state.organisationId;
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
