import type { JournalEntry } from "@openward/model";
import type { DataKeys } from "../keys/ports.ts";
import { BatchWriter, organisationOf, patientOf, type RareEntry } from "./batch.ts";
import type { JournalRow, PlacedEntry } from "./projections.ts";

const DAY_MS = 86_400_000;

/** "2026-11-23" of a time, UTC. */
export function dayOf(time: number): string {
  return new Date(Math.floor(time / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** What the call's entries will take of the tails. */
  readonly tailBytes: number;
}

/** What is committed together: a batch per organisation, and everybody who waits for it. */
export interface Group {
  readonly entries: readonly JournalEntry[];
  readonly waiters: readonly Waiter[];
  readonly bytes: number;
  /**
   * Encodes at once. Entries of a patient who was erased are left out.
   *
   * @throws when an entry cannot be encoded; then nothing of the call was added
   */
  add(entries: readonly JournalEntry[], waiter: Waiter): void;
  seal(batchId: () => string, nextPosition: () => number): SealedGroup;
  /** The batches' memory may be used again; not after an outcome that is unknown. */
  recycle(): void;
}

export interface SealedGroup {
  readonly rows: readonly JournalRow[];
  readonly placed: readonly PlacedEntry[];
  readonly first: number;
  readonly last: number;
}

const WRITERS_KEPT = 8;

/** @param pool writers to use again, shared by groups */
export function createGroup(now: number, pool: BatchWriter[], keys: DataKeys): Group {
  const writers = new Map<string, BatchWriter>();
  const entries: JournalEntry[] = [];
  const waiters: Waiter[] = [];
  const rare: { entry: RareEntry; writer: BatchWriter; ordinal: number }[] = [];
  let lastOrganisation = "";
  let lastWriter: BatchWriter | undefined;

  const writerOf = (organisationId: string): BatchWriter => {
    if (lastWriter && organisationId === lastOrganisation) return lastWriter;
    let writer = writers.get(organisationId);
    if (!writer) {
      writer = pool.pop() ?? new BatchWriter(keys);
      writer.begin(organisationId, now);
      writers.set(organisationId, writer);
    }
    lastOrganisation = organisationId;
    lastWriter = writer;
    return writer;
  };

  return {
    entries,
    waiters,
    get bytes() {
      let sum = 0;
      for (const writer of writers.values()) sum += writer.length;
      return sum;
    },
    add(added, waiter) {
      const marks = [...writers.values()].map((writer) => ({ writer, mark: writer.mark() }));
      const rareBefore = rare.length;
      const isKept = (entry: JournalEntry) => !keys.isErased(patientOf(entry) ?? "");
      const kept = added.every(isKept) ? added : added.filter(isKept);
      try {
        for (const entry of kept) {
          const writer = writerOf(organisationOf(entry));
          if (entry.kind !== "readings" && entry.kind !== "waveform")
            rare.push({ entry, writer, ordinal: writer.count });
          writer.add(entry);
        }
      } catch (error) {
        for (const { writer, mark } of marks) writer.rewind(mark);
        const known = new Set(marks.map(({ writer }) => writer));
        for (const [id, writer] of writers) if (!known.has(writer)) writers.delete(id);
        lastWriter = undefined;
        rare.length = rareBefore;
        throw error;
      }
      for (const entry of kept) entries.push(entry);
      waiters.push(waiter);
    },
    seal(batchId, nextPosition) {
      const rows: JournalRow[] = [];
      const positions = new Map<BatchWriter, number>();
      for (const [organisationId, writer] of writers) {
        const position = nextPosition();
        const id = batchId();
        positions.set(writer, position);
        rows.push({
          day: dayOf(now),
          position,
          batchId: id,
          organisationId,
          writtenAt: now,
          batch: writer.seal(id, position),
        });
      }
      const placed = rare.map(({ entry, writer, ordinal }) => ({
        entry,
        ordinal,
        position: positions.get(writer) ?? 0,
        writtenAt: now,
      }));
      return { rows, placed, first: rows[0]?.position ?? 0, last: rows.at(-1)?.position ?? 0 };
    },
    recycle() {
      // A batch that was unusually large does not keep its memory for ever.
      for (const writer of writers.values())
        if (pool.length < WRITERS_KEPT && writer.capacity < 8 * 1024 * 1024) pool.push(writer);
      writers.clear();
    },
  };
}
