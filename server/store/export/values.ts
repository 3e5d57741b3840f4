import { RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { mergeColumns, type NumericColumns, type WaveformRun } from "@openward/timeseries";
import type { Pool } from "pg";
import { Book, holds } from "../amendments/book.ts";
import { applyEdits, type Part, resolve, type StreamIdOf } from "../amendments/resolve.ts";
import { loadAmendments, lockAmendments } from "../amendments/rows.ts";
import type { DataKeys } from "../keys/index.ts";
import { everywhere } from "../registry/transaction.ts";
import type { StoreReader } from "./reader.ts";

/** What is written of each stream. */
export interface Values {
  readonly streams: readonly Stream[];
  /** Amendments of before this time are in it; null: it is as it was received. */
  readonly amendedUntil: number | null;
  /** Where the stream's values begin, at the earliest; undefined when there are none. */
  beginning(stream: Stream): Promise<number | undefined>;
  numeric(stream: Stream, from: number, to: number): Promise<NumericColumns | undefined>;
  waveform(stream: Stream, from: number, to: number): Promise<WaveformRun[]>;
}

const END = 8_640_000_000_000_000;

export function asReceived(reader: StoreReader): Values {
  const memory = memoryOf(reader);
  return {
    streams: [...memory.values()].map(({ stream }) => stream),
    amendedUntil: null,
    async beginning({ id }) {
      const stream = memory.get(id);
      return stream && reader.beginning(stream);
    },
    async numeric({ id }, from, to) {
      const stream = memory.get(id);
      return stream && reader.numeric(stream, from, to);
    },
    async waveform({ id }, from, to) {
      const stream = memory.get(id);
      return stream ? reader.waveform(stream, from, to) : [];
    },
  };
}

/**
 * What counts today, as every reader is answered: without what is in error, with what was corrected, and each span with the
 * patient whose it is.
 *
 * @throws RefusedInput BLOCK_CORRUPT where an amendment cannot be read: what it took back would be given away
 */
export async function asAmended(
  reader: StoreReader,
  {
    worker,
    keys,
    runtime,
    streamIdOf,
  }: { worker: Pool; keys: DataKeys; runtime: Pick<Runtime, "clock">; streamIdOf: StreamIdOf },
): Promise<Values> {
  const { book, amendedUntil } = await loadBook(worker, keys, runtime);
  const received = asReceived(reader);
  const memory = memoryOf(reader);
  const partsOf = (stream: Stream, from: number, to: number): Part[] =>
    resolve(book, streamIdOf, stream, from, to).filter((part) => memory.has(part.stream.id));

  return {
    // What had been given to somebody who was erased stays hidden for ever.
    streams: withGiven(received.streams, book, streamIdOf).filter(({ patientId }) => !keys.isErased(patientId)),
    amendedUntil,
    async beginning(stream) {
      const begin: number[] = [];
      for (const part of partsOf(stream, 0, END)) {
        const first = await received.beginning(part.stream);
        if (first !== undefined && first < part.to) begin.push(Math.max(first, part.from));
      }
      return begin.length > 0 ? Math.min(...begin) : undefined;
    },
    async numeric(stream, from, to) {
      let all: NumericColumns | undefined;
      for (const part of partsOf(stream, from, to)) {
        const columns = await received.numeric(part.stream, part.from, part.to);
        if (!columns) continue;
        const amended = applyEdits(columns, part.edits);
        all = all ? mergeColumns(all, amended) : amended;
      }
      return all;
    },
    async waveform(stream, from, to) {
      const runs: WaveformRun[] = [];
      for (const part of partsOf(stream, from, to))
        runs.push(...(await received.waveform(part.stream, part.from, part.to)));
      return runs.sort((a, b) => a.start - b.start);
    },
  };
}

const memoryOf = (reader: StoreReader) => new Map(reader.streams.map((each) => [each.stream.id, each]));

/** All that were made before a time, those that were under way then too. */
async function loadBook(worker: Pool, keys: DataKeys, { clock }: Pick<Runtime, "clock">) {
  return everywhere(worker, async (tx) => {
    await lockAmendments(tx);
    const amendedUntil = clock.now();
    const { amendments, damaged } = await loadAmendments(tx, keys, 0);
    if (damaged.length > 0)
      throw new RefusedInput("BLOCK_CORRUPT", { at: "export", received: `${damaged.length} unreadable amendments` });
    const book = new Book();
    for (const amendment of amendments) book.add(amendment);
    return { book, amendedUntil };
  });
}

/** With those that somebody has only because a span was given to them; by way of others, too. */
function withGiven(streams: readonly Stream[], book: Book, streamIdOf: StreamIdOf): Stream[] {
  const all = new Map(streams.map((stream) => [stream.id, stream]));
  for (const record of book.inOrder()) {
    const { kind, patientId, toPatientId, deviceId } = record.amendment;
    if (kind !== "re-attributed" || toPatientId === null || !holds(record)) continue;
    for (const stream of [...all.values()]) {
      if (stream.patientId !== patientId || stream.deviceId !== deviceId) continue;
      const given = { ...stream, patientId: toPatientId };
      const id = streamIdOf(given);
      if (!all.has(id)) all.set(id, { ...given, id });
    }
  }
  return [...all.values()];
}
