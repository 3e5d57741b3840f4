import TABLES from "./tables.json" with { type: "json" };

/**
 * A table of Health Connect's database that is read, with the columns of it that are asked for.
 *
 * @source Android's HealthFitness module, storage/datatypehelpers: instant, interval and series records
 */
export interface HealthConnectTable {
  readonly name: string;
  /** The table whose rows say the zone of this one's, by `parent_key`. */
  readonly parent: string | null;
  /** ms UTC: of an instant its time; of a time span its beginning and end. */
  readonly from: string;
  readonly until: string | null;
  /** Seconds ahead of UTC, at the end of a time span; of a series a column of its parent. */
  readonly zone: string;
  /** Column to signal and unit, as it is stored. */
  readonly values: Readonly<Record<string, readonly [signal: string, unit: string]>>;
  /** Column that says where it was measured: it can change the signal. */
  readonly where: "measurement_location" | "specimen_source" | null;
  readonly event: string | null;
  /** Column that says what kind of event. */
  readonly kind: "stage_type" | "exercise_type" | null;
}

interface Row {
  readonly parent?: string;
  readonly values?: Readonly<Record<string, readonly string[]>>;
  readonly where?: string;
  readonly event?: string;
  readonly kind?: string;
}

/** What a table of each sort says of its times. */
const INSTANT = { from: "time", until: null, zone: "zone_offset" };
const INTERVAL = { from: "start_time", until: "end_time", zone: "end_zone_offset" };
const SAMPLE = { from: "epoch_millis", until: null, zone: "start_zone_offset" };
const STAGE = { from: "stage_start_time", until: "stage_end_time", zone: "start_zone_offset" };

function tableOf(name: string, row: Row, times: Pick<HealthConnectTable, "from" | "until" | "zone">) {
  const { parent = null, values = {}, where = null, event = null, kind = null } = row;
  return { name, parent, ...times, values, where, event, kind } as HealthConnectTable;
}

export const healthConnectTables: ReadonlyMap<string, HealthConnectTable> = new Map(
  [
    ...Object.entries<Row>(TABLES.instant).map(([name, row]) => tableOf(name, row, INSTANT)),
    ...Object.entries<Row>(TABLES.interval).map(([name, row]) => tableOf(name, row, INTERVAL)),
    ...Object.entries<Row>(TABLES.series).map(([name, row]) => tableOf(name, row, row.event ? STAGE : SAMPLE)),
  ].map((table) => [table.name, table]),
);

/** Columns that a piece has, in this order: times, zone, kind or place, values. */
export function columnsOf({ from, until, zone, values, where, kind }: HealthConnectTable): readonly string[] {
  return [from, until, zone, where, kind, ...Object.keys(values)].filter((column) => column !== null);
}

const byPlace = {
  measurement_location: new Map<string, string>(Object.entries(TABLES.measurement_location)),
  specimen_source: new Map<string, string>(Object.entries(TABLES.specimen_source)),
};
const stages = new Map<string, string>(Object.entries(TABLES.stage_type));

/** @returns null: none of ours */
export function signalAt(where: NonNullable<HealthConnectTable["where"]>, place: string): string | null {
  return byPlace[where].get(place) ?? null;
}

/** @returns null: not known */
export function kindOf(column: NonNullable<HealthConnectTable["kind"]>, kind: string): string | null {
  if (column === "stage_type") return stages.get(kind) ?? null;
  return /^\d{1,2}$/.test(kind) ? (TABLES.exercise_type[Number(kind)] ?? null) : null;
}
