import { DAY_MS, encodeNumericBlock, encodeRollup, rollupSlots } from "@openward/timeseries";
import { openTestDatabase } from "../../server/store/database/testing/database.ts";
import type { SavedBlock, SavedRow } from "../../server/store/telemetry/block-store.ts";
import { postgresBlocks } from "../../server/store/telemetry/postgres-blocks.ts";
import { type Row, round, thousands } from "../support.ts";
import { numericSource, WALKS } from "./numerics.ts";
import { ORIGIN, zstd } from "./waveforms.ts";

const DAY = Date.UTC(2026, 10, 20);
const HOUR_MS = 3_600_000;
const PATIENTS = 200;
const id = (kind: number, n: number) =>
  `018f0000-0000-7${kind.toString(16).padStart(3, "0")}-8000-${n.toString(16).padStart(12, "0")}`;
const TABLES = ["block", "day_block", "rollup"] as const;

/** A day of a ward in PostgreSQL, every reading its own: what its tables take before and after days are put together. */
export async function dayRows(seed: number): Promise<Row[]> {
  const database = await openTestDatabase({ settings: { shared_buffers: "256MB" } });
  try {
    const store = postgresBlocks(database.worker);
    const streams = PATIENTS * WALKS.length;
    const next = numericSource(seed, streams);
    await database.owner.query(
      `INSERT INTO stream (id, organisation_id, patient_id, device_id, signal, kind, unit)
       SELECT unnest($1::uuid[]), $2, $2, 'bench', 'heart-rate', 'numeric', '/min'`,
      [Array.from({ length: streams }, (_, s) => id(1, s)), id(0, 0)],
    );
    for (let stream = 0; stream < streams; stream++) {
      const owner = {
        streamId: id(1, stream),
        associationId: ORIGIN.associationId,
        organisationId: id(0, 0),
        patientId: id(0, 0),
      };
      const blocks: SavedBlock[] = [];
      const slots = [];
      for (let hour = 0; hour < 24; hour++) {
        const columns = next(stream, DAY + hour * HOUR_MS);
        const payload = encodeNumericBlock(columns, ORIGIN, zstd);
        blocks.push({
          ...owner,
          periodStart: DAY + hour * HOUR_MS,
          payload,
          overview: null,
          sealedThrough: 1,
          sealedAt: DAY + DAY_MS,
        });
        slots.push(...rollupSlots(columns.times, columns.values));
      }
      const rollup: SavedRow = { ...owner, periodStart: DAY, payload: encodeRollup(DAY, slots, ORIGIN, zstd) };
      await store.transaction(async (rows) => {
        await rows.saveBlocks(blocks);
        await rows.saveRollups([rollup]);
      });
    }
    const readings = streams * 86_400;
    const sizes = async (what: string): Promise<Row> => {
      for (const table of TABLES) await database.owner.query(`VACUUM (ANALYZE) ${table}`);
      const bytes = await Promise.all(
        TABLES.map(async (table) =>
          Number((await database.owner.query("SELECT pg_total_relation_size($1::regclass) AS n", [table])).rows[0].n),
        ),
      );
      const all = bytes.reduce((sum, each) => sum + each);
      const each = Object.fromEntries(
        TABLES.map((table, i) => [`${table}, bytes/reading`, round((bytes[i] as number) / readings, 4)]),
      );
      return { what, readings: thousands(readings), ...each, "together, bytes/reading": round(all / readings, 4) };
    };
    const before = await sizes("a row an hour, after VACUUM");
    const started = performance.now();
    const days = await store.joinDays({ before: DAY + DAY_MS, sealedBefore: DAY + DAY_MS });
    const took = performance.now() - started;
    const after = await sizes(`a row a day, after VACUUM (${days} rows in ${round(took / 1000)} s)`);
    const found = await store.blocksBetween([id(1, 7)], DAY, DAY + DAY_MS);
    if (found.length !== 24) throw new Error("not what went in");
    return [before, after, await fetchRow(store)];
  } finally {
    await database.close();
  }
}

/** An hour fetched from a day's row. */
async function fetchRow(store: ReturnType<typeof postgresBlocks>): Promise<Row> {
  const times: number[] = [];
  for (let n = 0; n < 300; n++) {
    const from = DAY + (n % 24) * HOUR_MS;
    const patient = (n * 37) % PATIENTS;
    const ids = WALKS.map((_, w) => id(1, patient * WALKS.length + w));
    const started = performance.now();
    const rows = await store.blocksBetween(ids, from, from + HOUR_MS);
    times.push(performance.now() - started);
    if (rows.length !== WALKS.length) throw new Error("not what went in");
  }
  times.sort((a, b) => a - b);
  return {
    what: `one hour of eight signals fetched from their days' rows: ${round(times[150] as number, 2)} ms (p50)`,
  };
}
