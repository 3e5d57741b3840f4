import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase } from "../store/database/testing/database.ts";
import { createTables, statement } from "../store/registry/index.ts";
import { LEFT_OUT, patientTables, rowsOf } from "./rows.ts";

const HOME = "00000000-0000-7000-8000-00000000000a";
const KARI = "00000000-0000-7000-8000-0000000000a1";
const OLA = "00000000-0000-7000-8000-0000000000a2";
let database: Awaited<ReturnType<typeof openTestDatabase>>;

before(async () => {
  database = await openTestDatabase();
  const run = (sql: string, values: unknown[]) => statement(database.worker, sql, values);
  await run("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Home', 0)", [HOME]);
  for (const id of [KARI, OLA])
    await run(
      `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
       VALUES ($1::uuid, $2, 'x', 'x', 'unknown', $1::uuid::text, 'UTC', 0, 0)`,
      [id, HOME],
    );
  await run(
    `INSERT INTO alarm_limit (organisation_id, patient_id, signal, priority, delay_ms, hysteresis, latching, enabled, set_at, set_by)
     SELECT $1, id, 'spo2', 'low', 0, 0, false, true, n, 'x' FROM generate_series(1, 1201) n, unnest($2::uuid[]) id`,
    [HOME, [KARI, OLA]],
  );
});
after(() => database.close());

test("every table with a patient in it is in an export, or it is said where else its content is", async () => {
  const all = await statement<{ name: string }>(
    database.worker,
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped`,
  );
  const given = await patientTables(createTables(database), HOME);
  const told = [...given.map(({ name }) => name), ...Object.keys(LEFT_OUT)];
  assert.deepEqual([...told].sort(), all.map(({ name }) => name).sort());
  for (const { name, key } of given) assert.ok((key?.length ?? 0) > 0, `${name} has no primary key to go by`);
});

test("rows come page by page, each once, and of the patient only", async () => {
  const tables = createTables(database);
  const table = (await patientTables(tables, HOME)).find(({ name }) => name === "alarm_limit");
  assert.ok(table);
  const times: number[] = [];
  for await (const row of rowsOf(tables, HOME, table, [KARI])) {
    const { patient_id, set_at } = row as { patient_id: string; set_at: number };
    assert.equal(patient_id, KARI);
    times.push(set_at);
  }
  assert.deepEqual(
    times.toSorted((a, b) => a - b),
    Array.from({ length: 1_201 }, (_, n) => n + 1),
  );
});
