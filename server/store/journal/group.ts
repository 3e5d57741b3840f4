import type { JournalEntry, RawInput } from "@openward/model";
import type { KeyStreams } from "../keys/key-stream.ts";
import type { DataKeys } from "../keys/ports.ts";
import { RawWriter } from "../raw/writer.ts";
import { BatchWriter, organisationOf, patientOf, type RareEntry } from "./batch.ts";
import type { JournalRow, PlacedEntry, RawRow } from "./projections.ts";

const DAY_MS = 86_400_000;

/** "2026-11-23" of a time, UTC. */
export function dayOf(time: number): string {
  return new Date(Math.floor(time / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

/** What is committed together: a batch per organisation, and everybody who waits for it. */
export interface Group {
  readonly entries: readonly JournalEntry[];
  readonly bytes: number;
  /** What its entries will take of the tails. */
  readonly tailBytes: number;
  /** One for everybody who waits. */
  readonly durable: Promise<void>;
  settle(error: unknown): void;
  /**
   * Encodes at once. Entries of a patient who was erased are left out, and so is what was sent of one.
   *
   * @param raw what the entries came of, as it was sent; undefined: it is not kept
   * @param tailBytes what the entries will take of the tails
   * @throws when an entry cannot be encoded; then nothing of the call was added
   */
  add(entries: readonly JournalEntry[], raw: RawInput | undefined, tailBytes: number): void;
  seal(batchId: () => string, nextPosition: () => number): SealedGroup;
  /** The batches' memory may be used again; not after an outcome that is unknown. */
  recycle(): void;
}

export interface SealedGroup {
  readonly rows: readonly JournalRow[];
  /** What the rows came of. */
  readonly raws: readonly RawRow[];
  readonly placed: readonly PlacedEntry[];
  readonly first: number;
  readonly last: number;
}

const WRITERS_KEPT = 8;
const OUTGROWN_BYTES = 8 * 1024 * 1024;

/** Writers to use again, shared by groups. */
export interface WriterPool {
  readonly batches: BatchWriter[];
  readonly raws: RawWriter[];
  readonly streams: KeyStreams;
}

export function createGroup(now: number, pool: WriterPool, keys: DataKeys): Group {
  const writers = new Map<string, BatchWriter>();
  const rawWriters = new Map<string, RawWriter>();
  let entries: JournalEntry[] = [];
  const rare: { entry: RareEntry; writer: BatchWriter; ordinal: number }[] = [];
  let lastOrganisation = "";
  let lastWriter: BatchWriter | undefined;
  let tailBytes = 0;
  const { promise: durable, resolve, reject } = Promise.withResolvers<void>();
  // Who waits hears of a failure; a group in which nobody does is no fault.
  durable.catch(() => {});
  const isErasedPatient = (patientId: string) => keys.isErased(patientId);
  const isKept = (entry: JournalEntry) => !keys.isErased(patientOf(entry) ?? "");

  const writerOf = (organisationId: string): BatchWriter => {
    if (lastWriter && organisationId === lastOrganisation) return lastWriter;
    let writer = writers.get(organisationId);
    if (!writer) {
      writer = pool.batches.pop() ?? new BatchWriter(keys);
      writer.begin(organisationId, now);
      writers.set(organisationId, writer);
    }
    lastOrganisation = organisationId;
    lastWriter = writer;
    return writer;
  };

  const keep = (raw: RawInput) => {
    // Its row stands beside one of the journal, and be that one empty.
    writerOf(raw.organisationId);
    let writer = rawWriters.get(raw.organisationId);
    if (!writer) {
      writer = pool.raws.pop() ?? new RawWriter(keys, pool.streams);
      writer.begin(raw.organisationId, now);
      rawWriters.set(raw.organisationId, writer);
    }
    writer.add(raw);
  };

  return {
    get entries() {
      return entries;
    },
    durable,
    settle(error) {
      // Nobody asks for them any more, and what has grown old would keep them until the whole memory is looked through.
      entries = [];
      if (error === undefined) resolve();
      else reject(error);
    },
    get tailBytes() {
      return tailBytes;
    },
    get bytes() {
      let sum = 0;
      for (const writer of writers.values()) sum += writer.length;
      for (const writer of rawWriters.values()) sum += writer.length;
      return sum;
    },
    add(added, raw, bytes) {
      const writersBefore = writers.size;
      for (const writer of writers.values()) writer.mark();
      const rareBefore = rare.length;
      const kept = added.every(isKept) ? added : added.filter(isKept);
      try {
        for (const entry of kept) {
          const writer = writerOf(organisationOf(entry));
          if (entry.kind !== "readings" && entry.kind !== "waveform")
            rare.push({ entry, writer, ordinal: writer.count });
          writer.add(entry);
        }
        // Last: where it cannot be kept, all before it is taken back.
        if (raw && !raw.patientIds.some(isErasedPatient)) keep(raw);
      } catch (error) {
        let place = 0;
        for (const [id, writer] of writers) {
          if (place++ < writersBefore) writer.rewind();
          else writers.delete(id);
        }
        lastWriter = undefined;
        rare.length = rareBefore;
        throw error;
      }
      for (const entry of kept) entries.push(entry);
      tailBytes += bytes;
    },
    seal(batchId, nextPosition) {
      const rows: JournalRow[] = [];
      const raws: RawRow[] = [];
      const positions = new Map<BatchWriter, number>();
      for (const [organisationId, writer] of writers) {
        const position = nextPosition();
        const id = batchId();
        positions.set(writer, position);
        const place = { day: dayOf(now), position, batchId: id, organisationId, writtenAt: now };
        rows.push({ ...place, batch: writer.seal(id, position) });
        const raw = rawWriters.get(organisationId);
        if (raw && raw.messages > 0) raws.push({ ...place, input: raw.seal(id, position) });
      }
      const placed = rare.map(({ entry, writer, ordinal }) => ({
        entry,
        ordinal,
        position: positions.get(writer) ?? 0,
        writtenAt: now,
      }));
      return { rows, raws, placed, first: rows[0]?.position ?? 0, last: rows.at(-1)?.position ?? 0 };
    },
    recycle() {
      // A batch that was unusually large does not keep its memory for ever.
      for (const writer of writers.values())
        if (pool.batches.length < WRITERS_KEPT && writer.capacity < OUTGROWN_BYTES) pool.batches.push(writer);
      for (const writer of rawWriters.values())
        if (pool.raws.length < WRITERS_KEPT && writer.capacity < OUTGROWN_BYTES) pool.raws.push(writer);
      writers.clear();
      rawWriters.clear();
    },
  };
}
