import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RefusalCode, RefusedInput } from "@openward/errors";
import { manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase } from "../store/database/testing/database.ts";
import { beginErasure, eraseRows } from "../store/keys/index.ts";
import { audit } from "../store/registry/audit.ts";
import { createTables, statement } from "../store/registry/index.ts";
import { createHolds } from "./holds.ts";
import { createRecords } from "./records.ts";
import { LEFT_OUT, patientTables, rowsOf } from "./rows.ts";

const HOME = "00000000-0000-7000-8000-00000000000a";
const idOf = (n: number) => `00000000-0000-7000-8000-0000000000${String(n).padStart(2, "0")}`;
const [KARI, OLA] = [idOf(1), idOf(2)];
const runtime = manualRuntime(Date.UTC(2026, 10, 22));
let database: Awaited<ReturnType<typeof openTestDatabase>>;
let holds: ReturnType<typeof createHolds>;
const run = (sql: string, values: unknown[] = []) => statement(database.worker, sql, values);

before(async () => {
  database = await openTestDatabase();
  holds = createHolds({ tables: createTables(database), audit, runtime });
  await run("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Home', 0)", [HOME]);
  for (let n = 1; n <= 40; n++) await patient(idOf(n));
  await run(
    `INSERT INTO alarm_limit (organisation_id, patient_id, signal, priority, delay_ms, hysteresis, latching, enabled, set_at, set_by)
     SELECT $1, id, 'spo2', 'low', 0, 0, false, true, n, 'x' FROM generate_series(1, 1201) n, unnest($2::uuid[]) id`,
    [HOME, [KARI, OLA]],
  );
});
after(() => database.close());

const patient = (id: string) =>
  run(
    `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
     VALUES ($1::uuid, $2, 'x', 'x', 'unknown', $1::uuid::text, 'UTC', 0, 0)`,
    [id, HOME],
  );
const now = () => runtime.clock.now();
const place = (id: string, until: number | null = null) =>
  holds.place(HOME, { patient: id, reason: "case 12/2026", until }, "officer");
const refused = (code: RefusalCode) => (error: unknown) => error instanceof RefusedInput && error.code === code;

test("every table with a patient in it is in an export, or it is said where else its content is", async () => {
  const all = await run(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped`,
  );
  const given = await patientTables(createTables(database), HOME);
  const told = [...given.map(({ name }) => name), ...Object.keys(LEFT_OUT)];
  assert.deepEqual([...told].sort(), (all as { name: string }[]).map(({ name }) => name).sort());
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

test("while a hold runs no erasure begins, of no record of the person; after its end one does, and a hold is refused", async () => {
  const [kept, merged] = [idOf(3), idOf(4)];
  await run("UPDATE patient SET merged_into = $2 WHERE id = $1", [merged, kept]);
  const hold = await place(merged);
  await assert.rejects(beginErasure(database.worker, [kept, merged], now()), refused("LEGAL_HOLD"));
  await assert.rejects(beginErasure(database.worker, [kept], now()), refused("LEGAL_HOLD"));
  assert.deepEqual(await run("SELECT FROM erased_patient"), []);
  assert.equal((await holds.list(HOME, { ended: false })).length, 1);
  const ended = await holds.end(HOME, hold.id, "the case is closed", "officer");
  assert.deepEqual([ended.endedBy, ended.endReason], ["officer", "the case is closed"]);
  await assert.rejects(holds.end(HOME, hold.id, "twice", "officer"), refused("CONFLICT"));
  assert.deepEqual(await holds.list(HOME, { ended: false }), []);
  await beginErasure(database.worker, [kept, merged], now());
  await assert.rejects(place(kept), refused("CONFLICT"));
  const erasures = [kept, merged].map((patientId) => ({ patientId, organisationId: HOME }));
  await eraseRows(database.worker, erasures, [], now());
  await assert.rejects(place(kept), refused("NOT_FOUND"));
  const actions = await run("SELECT action FROM audit_event WHERE patient_id = $1 ORDER BY position", [merged]);
  assert.deepEqual(actions, [{ action: "hold.place" }, { action: "hold.end" }]);
});

test("a record is found by its whole number and by nothing like it, and that it was looked for is in the log", async () => {
  const records = createRecords({ tables: createTables(database), audit, runtime });
  const [id, elsewhere] = [idOf(7), "00000000-0000-7000-8000-00000000000b"];
  assert.deepEqual(await records.find(HOME, id, "officer"), { patientId: id, mrn: id });
  await run("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Elsewhere', 0)", [elsewhere]);
  for (const near of [id.slice(0, -1), `${id} `, id.toUpperCase().replace("7000", "7OOO"), "%"])
    await assert.rejects(records.find(HOME, near, "officer"), refused("NOT_FOUND"));
  await assert.rejects(records.find(elsewhere, id, "officer"), refused("NOT_FOUND"));
  const looked = await run("SELECT actor AS by FROM audit_event WHERE patient_id = $1 AND action = 'record.find'", [
    id,
  ]);
  assert.deepEqual(looked, [{ by: "officer" }]);
});

test("a hold ends by itself, and is never changed", async () => {
  const id = idOf(5);
  const hold = await place(id, now() + 1_000);
  await assert.rejects(beginErasure(database.worker, [id], now() + 999), refused("LEGAL_HOLD"));
  await beginErasure(database.worker, [id], now() + 1_000);
  await assert.rejects(
    run("UPDATE legal_hold SET ended_at = 1, ended_by = 'x', reason = 'y' WHERE id = $1", [hold.id]),
  );
  await assert.rejects(place(idOf(6), now()), refused("FIELD_INVALID"));
});

test("of a hold and an erasure that come at once exactly one is done, whichever is first", async () => {
  const outcomes = new Set<string>();
  for (let n = 10; n < 40; n++) {
    const id = idOf(n);
    const erase = () => beginErasure(database.worker, [id], now());
    const both = await Promise.allSettled(n % 2 === 0 ? [place(id), erase()] : [erase(), place(id)]);
    const done = both.map(({ status }) => status === "fulfilled");
    assert.equal(done.filter(Boolean).length, 1, `${id}: ${JSON.stringify(both)}`);
    const [{ held, erased } = { held: 0, erased: 0 }] = (await run(
      `SELECT (SELECT count(*)::int FROM legal_hold WHERE patient_id = $1) AS held,
              (SELECT count(*)::int FROM erased_patient WHERE patient_id = $1) AS erased`,
      [id],
    )) as { held: number; erased: number }[];
    assert.equal(held + erased, 1);
    outcomes.add(held === 1 ? "held" : "erased");
  }
  assert.ok(outcomes.size > 0);
});
