import type { DataKeys } from "../keys/ports.ts";
import { sealRaw } from "../keys/raw-input.ts";
import type { RareEntry } from "./batch.ts";
import type { SqlStatement } from "./connection.ts";

/** A rare entry with its place in the journal. */
export interface PlacedEntry {
  readonly entry: RareEntry;
  readonly position: number;
  /** Place in the batch. */
  readonly ordinal: number;
  /** When the batch was begun. */
  readonly writtenAt: number;
}

type Column = readonly [name: string, type: string, value: (placed: PlacedEntry, keys: DataKeys) => unknown];

interface Projection {
  readonly table: string;
  readonly columns: readonly Column[];
}

const entryOf = <K extends RareEntry["kind"]>(placed: PlacedEntry, _kind: K) =>
  placed.entry as Extract<RareEntry, { kind: K }>;
const whole = (value: number | null) => (value === null ? null : Math.round(value));

// PostgreSQL has no U+0000 in text. The journal's batch keeps what was said; the table shows a mark in its place.
function text(value: string | null): string | null {
  return value === null ? null : value.toWellFormed().replaceAll("\u0000", "\ufffd");
}

const place: readonly Column[] = [
  ["position", "bigint", (p) => p.position],
  ["ordinal", "integer", (p) => p.ordinal],
];

const stream = (p: PlacedEntry) => entryOf(p, "stream").stream;
const event = (p: PlacedEntry) => entryOf(p, "event").event;
const quarantined = (p: PlacedEntry) => entryOf(p, "quarantine").entry;
const alarm = (p: PlacedEntry) => entryOf(p, "alarm").alarm;
const standby = (p: PlacedEntry) => entryOf(p, "standby").standby;
const expectation = (p: PlacedEntry) => entryOf(p, "expectation");
const status = (p: PlacedEntry) => entryOf(p, "status").status;
const clock = (p: PlacedEntry) => entryOf(p, "clock").sighting;
const state = (p: PlacedEntry) => entryOf(p, "clock-state").state;

/** Which table each kind of entry is also written to. Deliveries are in the journal alone. */
const projections: Readonly<Record<Exclude<RareEntry["kind"], "delivery">, Projection>> = {
  stream: {
    table: "stream",
    columns: [
      ["id", "uuid", (p) => stream(p).id],
      ["organisation_id", "uuid", (p) => stream(p).organisationId],
      ["patient_id", "uuid", (p) => stream(p).patientId],
      ["device_id", "text", (p) => text(stream(p).deviceId)],
      ["signal", "text", (p) => text(stream(p).signal)],
      ["kind", "text", (p) => stream(p).kind],
      ["unit", "text", (p) => text(stream(p).unit)],
    ],
  },
  event: {
    table: "event",
    columns: [
      ["organisation_id", "uuid", (p) => event(p).organisationId],
      ["device_id", "text", (p) => text(event(p).deviceId)],
      ["id", "text", (p) => text(event(p).id)],
      ["patient_id", "uuid", (p) => event(p).patientId],
      ["association_id", "uuid", (p) => event(p).associationId],
      ["event", "text", (p) => text(event(p).event)],
      ["at", "bigint", (p) => whole(event(p).at)],
      ["time_from_server", "boolean", (p) => event(p).timeFromServer],
      ["received_at", "bigint", (p) => whole(event(p).receivedAt)],
      ["detail", "json", (p) => JSON.stringify(event(p).detail)],
      ["message_id", "text", (p) => event(p).messageId ?? null],
    ],
  },
  quarantine: {
    table: "quarantine",
    columns: [
      ["id", "uuid", (p) => quarantined(p).id],
      ["organisation_id", "uuid", (p) => quarantined(p).organisationId],
      ["device_id", "text", (p) => text(quarantined(p).deviceId)],
      ["received_at", "bigint", (p) => whole(quarantined(p).receivedAt)],
      ["kind", "text", (p) => quarantined(p).kind],
      ["content_type", "text", (p) => text(quarantined(p).contentType)],
      ["problems", "json", (p) => JSON.stringify(quarantined(p).problems)],
      ["raw", "bytea", (p, keys) => Buffer.from(sealRaw(keys, quarantined(p)))],
    ],
  },
  alarm: {
    table: "alarm_revision",
    columns: [
      ["alarm_id", "text", (p) => alarm(p).id],
      ["revision", "integer", (p) => alarm(p).revision],
      ["organisation_id", "uuid", (p) => alarm(p).organisationId],
      ["patient_id", "uuid", (p) => alarm(p).patientId],
      ["device_id", "text", (p) => text(alarm(p).deviceId)],
      ["stream_id", "uuid", (p) => alarm(p).streamId],
      ["signal", "text", (p) => text(alarm(p).signal)],
      ["rule", "text", (p) => alarm(p).rule],
      ["priority", "text", (p) => alarm(p).priority],
      ["state", "text", (p) => alarm(p).state],
      ["latched", "boolean", (p) => alarm(p).latched],
      ["onset_at", "bigint", (p) => whole(alarm(p).onsetAt)],
      ["raised_at", "bigint", (p) => whole(alarm(p).raisedAt)],
      ["condition_ended_at", "bigint", (p) => whole(alarm(p).conditionEndedAt)],
      ["acknowledged_at", "bigint", (p) => whole(alarm(p).acknowledgedAt)],
      ["acknowledged_by", "text", (p) => text(alarm(p).acknowledgedBy)],
      ["acknowledged_on", "text", (p) => text(alarm(p).acknowledgedOn ?? null)],
      ["resolved_at", "bigint", (p) => whole(alarm(p).resolvedAt)],
      ["value", "double precision", (p) => alarm(p).value],
      ["limit_value", "double precision", (p) => alarm(p).limit],
      ["unit", "text", (p) => text(alarm(p).unit)],
    ],
  },
  standby: {
    table: "standby_revision",
    columns: [
      ["standby_id", "text", (p) => standby(p).id],
      ...place,
      ["organisation_id", "uuid", (p) => standby(p).organisationId],
      ["patient_id", "uuid", (p) => standby(p).patientId],
      ["stream_id", "uuid", (p) => standby(p).streamId],
      ["reason", "text", (p) => text(standby(p).reason)],
      ["from_at", "bigint", (p) => whole(standby(p).from)],
      ["until_at", "bigint", (p) => whole(standby(p).until)],
      ["started_by", "text", (p) => text(standby(p).startedBy)],
      ["ended_at", "bigint", (p) => whole(standby(p).endedAt)],
    ],
  },
  expectation: {
    table: "expectation",
    columns: [
      ["stream_id", "uuid", (p) => expectation(p).expectation.streamId],
      ...place,
      ["set_at", "bigint", (p) => p.writtenAt],
      ["organisation_id", "uuid", (p) => expectation(p).organisationId],
      ["patient_id", "uuid", (p) => expectation(p).patientId],
      ["interval_ms", "double precision", (p) => expectation(p).expectation.intervalMs],
      ["source", "text", (p) => expectation(p).expectation.source],
    ],
  },
  status: {
    table: "device_status",
    columns: [
      ["device_id", "text", (p) => text(status(p).deviceId)],
      ...place,
      ["organisation_id", "uuid", (p) => status(p).organisationId],
      ["state", "text", (p) => text(status(p).state)],
      ["battery", "double precision", (p) => status(p).battery],
      ["clock_at", "bigint", (p) => whole(status(p).clock)],
      ["received_at", "bigint", (p) => whole(status(p).receivedAt)],
    ],
  },
  clock: {
    table: "device_clock",
    columns: [
      ["device_id", "text", (p) => text(clock(p).deviceId)],
      ...place,
      ["organisation_id", "uuid", (p) => clock(p).organisationId],
      ["device_time", "bigint", (p) => whole(clock(p).deviceTime)],
      ["server_time", "bigint", (p) => whole(clock(p).serverTime)],
      ["gateway_time", "bigint", (p) => whole(clock(p).gatewayTime ?? null)],
      ["is_stated", "boolean", (p) => clock(p).isStated ?? false],
      ["body_hash", "bigint", (p) => clock(p).bodyHash ?? null],
    ],
  },
  "clock-state": {
    table: "device_clock_state",
    columns: [
      ["device_id", "text", (p) => text(state(p).deviceId)],
      ["sequence", "bigint", (p) => state(p).sequence],
      ["organisation_id", "uuid", (p) => state(p).organisationId],
      ["decided_at", "bigint", (p) => whole(state(p).decidedAt)],
      ["kind", "text", (p) => state(p).kind],
      ["leads_to", "text", (p) => state(p).leadsTo],
      ["is_certain", "boolean", (p) => state(p).isCertain],
      ["from_at", "bigint", (p) => whole(state(p).from)],
      ["after_at", "bigint", (p) => whole(state(p).after)],
      ["applies_from", "bigint", (p) => whole(state(p).appliesFrom)],
      ["at", "bigint", (p) => whole(state(p).at)],
      ["ahead_ms", "double precision", (p) => state(p).aheadMs],
      ["drift", "double precision", (p) => state(p).drift],
      ["drift_bound", "double precision", (p) => state(p).driftBound],
      ["below_ms", "double precision", (p) => state(p).belowMs],
      ["above_ms", "double precision", (p) => state(p).aboveMs],
      ["sightings", "integer", (p) => state(p).sightings],
    ],
  },
};

/**
 * Inserts for the entries that have a table, one per table, with parameters numbered from `$firstParameter`. Each can be
 * run again without effect.
 */
export function projectionInserts(
  entries: readonly PlacedEntry[],
  firstParameter: number,
  keys: DataKeys,
): { inserts: string[]; values: unknown[] } {
  const byKind = new Map<Exclude<RareEntry["kind"], "delivery">, PlacedEntry[]>();
  for (const placed of entries) {
    const { kind } = placed.entry;
    if (kind === "delivery") continue;
    const rows = byKind.get(kind);
    if (rows) rows.push(placed);
    else byKind.set(kind, [placed]);
  }
  const inserts: string[] = [];
  const values: unknown[] = [];
  for (const [kind, rows] of byKind) {
    const { table, columns } = projections[kind];
    const names = columns.map(([name]) => name).join(", ");
    const arrays = columns.map(([, type, value]) => {
      values.push(rows.map((row) => value(row, keys)));
      return `$${firstParameter + values.length - 1}::${type}[]`;
    });
    inserts.push(`INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays.join(", ")}) ON CONFLICT DO NOTHING`);
  }
  return { inserts, values };
}

/** A batch as a row of the journal. */
export interface JournalRow {
  readonly day: string;
  readonly position: number;
  readonly batchId: string;
  readonly organisationId: string;
  readonly writtenAt: number;
  readonly batch: Buffer;
}

/** What the batch of the same id came of, as a row beside it. */
export interface RawRow extends Omit<JournalRow, "batch"> {
  readonly input: Buffer;
}

/** One statement, so one commit: the rows, what they came of, and what follows from them in other tables. */
export function journalStatement(
  rows: readonly JournalRow[],
  raws: readonly RawRow[],
  entries: readonly PlacedEntry[],
  keys: DataKeys,
): SqlStatement {
  const values: unknown[] = [];
  const insertInto = (
    table: string,
    column: string,
    all: readonly (readonly [Omit<JournalRow, "batch">, Buffer])[],
  ) => {
    const tuples = all.map(([{ day, position, batchId, organisationId, writtenAt }, bytes]) => {
      const n = values.push(day, position, batchId, organisationId, writtenAt, bytes);
      return `($${n - 5}, $${n - 4}, $${n - 3}, $${n - 2}, $${n - 1}, $${n})`;
    });
    return `INSERT INTO ${table} (day, position, batch_id, organisation_id, written_at, ${column}) VALUES ${tuples.join(", ")} ON CONFLICT DO NOTHING`;
  };
  const parts: string[] = [];
  if (raws.length > 0) {
    const insert = insertInto(
      "raw_input",
      "input",
      raws.map((row) => [row, row.input]),
    );
    parts.push(`r AS (${insert})`);
  }
  const journal =
    rows.length > 0
      ? insertInto(
          "journal",
          "batch",
          rows.map((row) => [row, row.batch]),
        )
      : "SELECT";
  const projected = projectionInserts(entries, values.length + 1, keys);
  parts.push(...projected.inserts.map((part, i) => `p${i} AS (${part})`));
  const text = parts.length === 0 ? journal : `WITH ${parts.join(", ")} ${journal}`;
  if (projected.inserts.length > 0) return { text, values: [...values, ...projected.values] };
  return { name: `journal-${rows.length}-${raws.length}`, text, values };
}
