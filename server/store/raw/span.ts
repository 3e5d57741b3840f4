import { RefusedInput } from "@openward/errors";
import type { Delivery, DeviceEvent, QuarantineEntry, Waveform } from "@openward/model";
import { type BatchVisitor, readBatch } from "../journal/index.ts";
import type { DataKeys } from "../keys/ports.ts";
import { type RawMessage, readRaw } from "./reader.ts";

/** A pool under the role `worker`. */
export interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Readings of one stream, as the journal's row has them. */
export interface KeptReadings {
  readonly streamId: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly quality: readonly number[];
  readonly receivedAt: readonly number[];
}

export type KeptWaveform = Omit<Waveform, "stream" | "associationId"> & { readonly streamId: string };

export interface Fault {
  /** Position in the journal. */
  readonly position: number;
  readonly in: "raw input" | "journal";
  readonly code: string;
}

/** One group commit: what was sent, and what came of it at the time. */
export interface KeptRow {
  readonly position: number;
  readonly messages: readonly RawMessage[];
  /** Messages of which something could not be placed, with their bytes. */
  readonly quarantined: readonly QuarantineEntry[];
  readonly deliveries: readonly Delivery[];
  readonly readings: readonly KeptReadings[];
  readonly waveforms: readonly KeptWaveform[];
  readonly events: readonly DeviceEvent[];
  /** What of the row cannot be read. */
  readonly faults: readonly Fault[];
}

const ROWS_AT_A_TIME = 8;
const DAY_MS = 86_400_000;
/** A row is begun when its first message comes, and closed soon after. */
const NEAR_MS = 60_000;

/**
 * What an organisation's devices sent from `from` (time of arrival) until before `to`, in the order of the journal, a few
 * rows in memory at a time. A row that cannot be read is told with its fault, and the others are read all the same.
 */
export async function* rowsBetween(
  worker: Queries,
  keys: Pick<DataKeys, "byId">,
  { organisationId, from, to }: { readonly organisationId: string; readonly from: number; readonly to: number },
): AsyncGenerator<KeptRow> {
  const [first, last] = [from - NEAR_MS, to + NEAR_MS];
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const days = [day(first - DAY_MS), day(last)];
  const page = (table: string, column: string) =>
    `(SELECT position, batch_id, day, ${column} FROM ${table} WHERE organisation_id = $1 AND day BETWEEN $2 AND $3
        AND written_at BETWEEN $4 AND $5 AND position > $6 ORDER BY position LIMIT ${ROWS_AT_A_TIME})`;
  // Either may be missing: the row of the one then tells what there is.
  const text = `WITH j AS MATERIALIZED ${page("journal", "batch")}, r AS MATERIALIZED ${page("raw_input", "input")}
    SELECT position::float8 AS position, j.batch, r.input FROM j FULL JOIN r USING (position, batch_id, day)
     ORDER BY position LIMIT ${ROWS_AT_A_TIME}`;
  for (let after = -1; ; ) {
    const { rows } = await worker.query(text, [organisationId, ...days, first, last, after]);
    for (const row of rows as { position: number; batch: Buffer | null; input: Buffer | null }[]) {
      yield readRow(row, keys, organisationId);
      after = row.position;
    }
    if (rows.length < ROWS_AT_A_TIME) return;
  }
}

function readRow(
  { position, batch, input }: { position: number; batch: Buffer | null; input: Buffer | null },
  keys: Pick<DataKeys, "byId">,
  organisationId: string,
): KeptRow {
  const faults: Fault[] = [];
  const faultIn = (where: Fault["in"]) => (error: RefusedInput) =>
    void faults.push({ position, in: where, code: error.code });
  const attempt = <T>(where: Fault["in"], read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      faultIn(where)(error);
      return otherwise;
    }
  };
  const isIts = (header: { position: number; organisationId: string }) => {
    if (header.position !== position || header.organisationId !== organisationId)
      throw new RefusedInput("BLOCK_CORRUPT", { at: "a row in another's place" });
  };
  const messages = attempt("raw input", () => {
    if (!input) return [];
    const read = readRaw(input, keys, faultIn("raw input"));
    isIts(read.header);
    return read.messages;
  }, []);
  const collected = collector();
  attempt(
    "journal",
    () => {
      if (!batch) throw new RefusedInput("BLOCK_CORRUPT", { at: "no row of the journal" });
      isIts(readBatch(batch, collected.visitor, keys, faultIn("journal")));
    },
    undefined,
  );
  return { position, messages, ...collected.content, faults };
}

function collector() {
  const byStream = new Map<string, { [K in keyof KeptReadings]: K extends "streamId" ? string : number[] }>();
  const content = {
    quarantined: [] as QuarantineEntry[],
    deliveries: [] as Delivery[],
    readings: [] as KeptReadings[],
    waveforms: [] as KeptWaveform[],
    events: [] as DeviceEvent[],
  };
  const visitor: BatchVisitor<string> = {
    stream: (streamId) => streamId,
    reading(streamId, time, value, quality, _offset, receivedAt) {
      let of = byStream.get(streamId);
      if (!of) {
        of = { streamId, times: [], values: [], quality: [], receivedAt: [] };
        byStream.set(streamId, of);
        content.readings.push(of);
      }
      of.times.push(time);
      of.values.push(value);
      of.quality.push(quality);
      of.receivedAt.push(receivedAt);
    },
    waveform(streamId, { length: _, ...head }, samples) {
      content.waveforms.push({ streamId, ...head, samples: samples() });
    },
    entry(entry) {
      if (entry.kind === "quarantine") content.quarantined.push(entry.entry);
      else if (entry.kind === "delivery") content.deliveries.push(entry.delivery);
      else if (entry.kind === "event") content.events.push(entry.event);
    },
  };
  return { visitor, content };
}
