import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { openTestDatabase, quietLog, type TestDatabase } from "../../store/database/testing/database.ts";
import { createSpool, folderDisk } from "../../store/journal/index.ts";
import { createRegistry, statement } from "../../store/registry/index.ts";
import { signerOf } from "./checkpoint.ts";
import { type Altered, type Compared, compareRows } from "./compare.ts";
import { linkChanges, startKeeper, takeCheckpoint } from "./keeper.ts";
import { logLines } from "./log-file.ts";
import type { AuditRecord } from "./record.ts";
import { type AuditTable, createAuditTable } from "./table.ts";
import { verifyLog } from "./verify.ts";
import { openWriter, type Writer } from "./writer.ts";

const signer = signerOf(new Uint8Array(32).fill(9));
let database: TestDatabase;
let table: AuditTable;
let folder: string;
let node = "";
let count = 0;

before(async () => {
  database = await openTestDatabase();
  table = createAuditTable({ rows: (sql, values, name) => statement(database.worker, sql, values, name) });
  folder = mkdtempSync(join(tmpdir(), "openward-audit-"));
});
after(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  node = `node-${++count}`;
});

const newRecord = (more: Partial<AuditRecord> = {}): AuditRecord => ({
  id: systemRuntime.ids.uuid(),
  at: systemRuntime.clock.now(),
  organisationId: null,
  who: { kind: "system", id: "test", display: "test", role: null },
  action: "R",
  code: "test.read",
  patients: ["0190a000-0000-7000-8000-000000000001"],
  entity: "Patient",
  via: "test",
  outcome: "allowed",
  ...more,
});
const spoolOf = (bytesMax = 1_000_000) => createSpool(folderDisk(join(folder, node)), bytesMax, quietLog);
const open = (over: Partial<AuditTable> = {}, bytesMax?: number) =>
  openWriter({ node, table: { ...table, ...over }, spool: spoolOf(bytesMax), runtime: systemRuntime, log: quietLog });
const recordsOf = async (name = node) => {
  const found = [];
  for await (const record of table.records(name, 0, null)) found.push(record);
  return found;
};
async function exported(): Promise<string> {
  await takeCheckpoint(table, { at: systemRuntime.clock.now(), signer });
  const source = { nodes: await table.nodes(), checkpoints: table.checkpoints, records: table.records };
  let text = "";
  for await (const line of logLines(source, { key: signer.publicKey, mayShow: () => true })) text += line;
  return text;
}
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const down = () => Promise.reject(new OutsideTrouble("DATABASE_UNREACHABLE", true));

test("records that come together share a write, those of a moment a commit, and all of them are in one chain", async () => {
  let commits = 0;
  const insert: AuditTable["insert"] = (linked) => {
    commits++;
    return table.insert(linked);
  };
  const writer = await open({ insert });
  const kept = await Promise.all(Array.from({ length: 300 }, () => writer.append(newRecord())));
  assert.ok(kept.every((one) => one === "recorded"));
  await writer.flush();
  assert.ok(commits <= 2, `${commits} commits`);
  assert.deepEqual(
    (await recordsOf()).map(({ position }) => position),
    Array.from({ length: 300 }, (_, i) => i + 1),
  );
  await writer.close();
  assert.deepEqual(readdirSync(join(folder, node)), []);
  assert.equal(verifyLog(await exported()).broken, null);
});

test("a process that is killed behind its answer leaves its records to the next", async () => {
  // Nothing that the first sends to the database arrives: its files stay as a killed process leaves them.
  let fail: ((error: Error) => void) | undefined;
  const first = await open({ insert: () => new Promise((_, reject) => (fail = reject)) });
  assert.equal(await first.append(newRecord()), "recorded");
  assert.equal(await first.append(newRecord()), "recorded");
  assert.equal((await recordsOf()).length, 0);
  const second = await open();
  assert.equal((await recordsOf()).length, 2);
  await second.append(newRecord());
  await second.close();
  await until("the first's is on its way", () => fail !== undefined);
  fail?.(new OutsideTrouble("DATABASE_UNREACHABLE", true));
  await first.close();
  assert.equal((await recordsOf()).length, 3);
  assert.equal(verifyLog(await exported()).broken, null);
});

test("files of what is in the chain are removed while records go on coming, and none with what is not", async () => {
  const writer = await open({}, 10_000_000);
  const note = "x".repeat(2_000);
  for (let i = 0; i < 60; i++) {
    await Promise.all(Array.from({ length: 10 }, () => writer.append(newRecord({ purpose: note }))));
    if (i % 20 === 19) await writer.flush();
  }
  assert.ok(writer.spooledBytes < 800_000, `${writer.spooledBytes} bytes`);
  await writer.close();
  const positions = (await recordsOf()).map(({ position }) => position);
  assert.deepEqual(
    positions,
    Array.from({ length: 600 }, (_, i) => i + 1),
  );
});

test("a database that hangs is as one that is gone: its records wait in the spool, and none is lost or doubled", async () => {
  let now = 1_000;
  const clock = { ...systemRuntime.clock, monotonic: () => now };
  let release: (() => void) | undefined;
  const insert: AuditTable["insert"] = async (linked) => {
    if (!release) await new Promise<void>((resolve) => (release = resolve));
    return table.insert(linked);
  };
  const writer = await openWriter({
    node,
    table: { ...table, insert },
    spool: spoolOf(),
    runtime: { clock, timers: systemRuntime.timers },
    log: quietLog,
  });
  assert.equal(await writer.append(newRecord()), "recorded");
  await until("the first is on its way", () => release !== undefined);
  now += 3_001;
  assert.equal(writer.state, "spooling");
  assert.equal(await writer.append(newRecord()), "spooled");
  release?.();
  await writer.flush();
  assert.equal(writer.state, "ok");
  assert.equal(await writer.append(newRecord()), "recorded");
  await writer.close();
  assert.equal((await recordsOf()).length, 3);
});

test("a lost connection tells of a database that is gone before a record finds out", async () => {
  let isDown = false;
  const headOf: AuditTable["headOf"] = (name) => (isDown ? down() : table.headOf(name));
  const insert: AuditTable["insert"] = (linked) => (isDown ? down() : table.insert(linked));
  const writer = await open({ insert, headOf });
  writer.lost();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(writer.state, "ok");
  isDown = true;
  writer.lost();
  await until("it is noticed", () => writer.state === "spooling");
  assert.equal(await writer.append(newRecord()), "spooled");
  isDown = false;
  await until("the spool is taken up", () => writer.state === "ok");
  await writer.close();
  assert.equal((await recordsOf()).length, 1);
});

test("where the disk takes nothing the chain is waited for, and where neither does nothing is shown", async () => {
  let isDown = false;
  const insert: AuditTable["insert"] = (linked) => (isDown ? down() : table.insert(linked));
  const writer = await open({ insert }, 10);
  assert.equal(await writer.append(newRecord()), "recorded");
  assert.equal((await recordsOf()).length, 1);
  isDown = true;
  await assert.rejects(writer.append(newRecord()), { code: "AUDIT_UNAVAILABLE" });
  assert.equal(writer.state, "failed");
  isDown = false;
  await until("the database is found again", () => writer.state === "ok");
  assert.equal(await writer.append(newRecord()), "recorded");
  await writer.close();
  assert.equal((await recordsOf()).length, 2);
});

test("a node goes on where its chain was when it starts again", async () => {
  const first = await open();
  await first.append(newRecord());
  await first.close();
  const second = await open();
  await second.append(newRecord());
  await second.flush();
  assert.equal(second.head().position, 2);
  await second.close();
  assert.equal(verifyLog(await exported()).broken, null);
});

test("while the database does not answer records go to the spool, and into the chain when it does", async () => {
  let isDown = false;
  const insert: AuditTable["insert"] = (linked) => (isDown ? down() : table.insert(linked));
  const headOf: AuditTable["headOf"] = (name) => (isDown ? down() : table.headOf(name));
  const writer = await open({ insert, headOf });
  try {
    assert.equal(await writer.append(newRecord()), "recorded");
    isDown = true;
    await writer.append(newRecord());
    await writer.flush();
    assert.equal(writer.state, "spooling");
    assert.equal(await writer.append(newRecord()), "spooled");
    assert.ok(writer.spooledBytes > 0);
    isDown = false;
    await until("the spool is taken up", () => writer.state === "ok");
    assert.equal(await writer.append(newRecord()), "recorded");
    await writer.flush();
    assert.equal((await recordsOf()).length, 4);
  } finally {
    await writer.close();
  }
  assert.equal(verifyLog(await exported()).broken, null);
});

test("a process that ended during the outage leaves its records to the next", async () => {
  const first = await open({ insert: down });
  await first.append(newRecord());
  await first.flush();
  assert.equal(await first.append(newRecord()), "spooled");
  await first.close();
  const second = await open();
  assert.equal((await recordsOf()).length, 2);
  await second.close();
});

test("a commit whose answer was lost does not put its records in the chain twice", async () => {
  let isLost = true;
  const insert: AuditTable["insert"] = async (linked) => {
    await table.insert(linked);
    if (isLost) await down();
  };
  const writer = await open({ insert });
  try {
    await writer.append(newRecord());
    await writer.flush();
    assert.equal(writer.state, "spooling");
    isLost = false;
    await until("the spool is taken up", () => writer.state === "ok");
    assert.equal((await recordsOf()).length, 1);
    assert.equal(writer.head().position, 1);
  } finally {
    await writer.close();
  }
});

test("a record that finds no room is refused, and the next that finds some is kept", async () => {
  const writer = await open({ insert: down }, 900);
  try {
    await writer.append(newRecord());
    await writer.flush();
    await assert.rejects(writer.append(newRecord({ purpose: "x".repeat(1_000) })), { code: "AUDIT_UNAVAILABLE" });
    assert.equal(writer.state, "failed");
    assert.equal(await writer.append(newRecord({ patients: [] })), "spooled");
    assert.equal(writer.state, "spooling");
  } finally {
    await writer.close();
  }
});

test("a record that the database does not take is refused alone", async () => {
  const writer = await open();
  const kept = await Promise.allSettled([
    writer.append(newRecord()),
    writer.append(newRecord()),
    writer.append(newRecord({ id: "none" })),
    writer.append(newRecord()),
  ]);
  await writer.close();
  assert.deepEqual(
    kept.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled"],
  );
  assert.equal((await recordsOf()).length, 3);
});

test("two writers of one node do not make two chains of it", async () => {
  const [first, second] = [await open(), await open()];
  await Promise.all([first.append(newRecord()), second.append(newRecord())]);
  await Promise.all([second.append(newRecord()), first.append(newRecord())]);
  await Promise.all([first.close(), second.close()]);
  const positions = (await recordsOf()).map(({ position }) => position);
  assert.deepEqual(positions, [1, 2, 3, 4]);
  assert.equal(verifyLog(await exported()).broken, null);
});

test("no role changes or removes a record, and the owner does not do so unawares", async () => {
  const writer = await open();
  await writer.append(newRecord());
  await writer.close();
  for (const pool of [database.api, database.worker, database.ingest]) {
    for (const sql of ["UPDATE audit_record SET body = ''", "DELETE FROM audit_record", "DELETE FROM audit_checkpoint"])
      await assert.rejects(pool.query(sql), /permission denied/);
  }
  await assert.rejects(database.api.query("INSERT INTO audit_node VALUES ('x', 1)"), /permission denied/);
  await assert.rejects(database.owner.query("DELETE FROM audit_record"), /append-only/);
});

test("what was edited in the database itself, past every trigger, is found by its position", async () => {
  const writer = await open();
  for (let i = 0; i < 3; i++) await writer.append(newRecord());
  await writer.close();
  await takeCheckpoint(table, { at: 1, signer });
  await database.owner.query("ALTER TABLE audit_record DISABLE TRIGGER append_only");
  await database.owner.query(
    "UPDATE audit_record SET body = replace(body, 'test.read', 'test.none') WHERE node = $1 AND position = 2",
    [node],
  );
  const broken = verifyLog(await exported()).broken;
  await database.owner.query(
    "UPDATE audit_record SET body = replace(body, 'test.none', 'test.read') WHERE node = $1 AND position = 2",
    [node],
  );
  await database.owner.query("ALTER TABLE audit_record ENABLE TRIGGER append_only");
  assert.deepEqual([broken?.node, broken?.position], [node, 2]);
});

test("a change that wrote its row in its own transaction is linked once, with the row's digest", async () => {
  const registry = createRegistry({ ...database, runtime: systemRuntime });
  const home = await registry.wards.createOrganisation("Home", false);
  await registry.people.create(home.id, "Nina Berg", "nurse", "command line");
  const writer: Writer = await open();
  const newId = () => systemRuntime.ids.uuid();
  const first = await linkChanges(table, { recorder: writer, newId });
  assert.ok(first >= 1);
  assert.equal(await linkChanges(table, { recorder: writer, newId }), 0);
  await writer.close();
  const bodies = (await recordsOf()).map(({ body }) => JSON.parse(body));
  const created = bodies.find(({ code }) => code === "person.create");
  assert.deepEqual(created?.who, { kind: "system", id: "command line", display: "command line" });
  assert.match(created?.change.digest, /^[0-9a-f]{64}$/);
});

test("a row that its owner changed or removed inside PostgreSQL is found by the chain, and so is a column to search by", async () => {
  const registry = createRegistry({ ...database, runtime: systemRuntime });
  const home = await registry.wards.createOrganisation("Home", false);
  for (const name of ["Nina Berg", "Olav Lie", "Kari Vik"])
    await registry.people.create(home.id, name, "nurse", "command line");
  const writer = await open();
  await linkChanges(table, { recorder: writer, newId: () => systemRuntime.ids.uuid() });
  await writer.close();
  const compare = (): Promise<Compared> =>
    compareRows({ nodes: [node], compared: table.compared, unlinked: table.unlinked });
  const before = await compare();
  assert.ok(before.changes >= 3 && before.altered === 0, JSON.stringify(before));

  const { rows } = await database.owner.query<{ position: number }>(
    "SELECT position FROM audit_event WHERE action = 'person.create' AND organisation_id = $1 ORDER BY position",
    [home.id],
  );
  const [edited, removed, relabelled] = rows.map(({ position }) => Number(position));
  const client = await database.owner.connect();
  let found: Compared;
  try {
    // As whoever owns the database: no trigger fires.
    await client.query("BEGIN");
    await client.query("SET LOCAL session_replication_role = replica");
    await client.query('UPDATE audit_event SET detail = detail || \'{"role": "administrator"}\' WHERE position = $1', [
      edited,
    ]);
    await client.query("DELETE FROM audit_event WHERE position = $1", [removed]);
    await client.query("UPDATE audit_record SET agent = 'person nobody' WHERE event_position = $1", [relabelled]);
    const within = createAuditTable({
      rows: async (sql, values) => (await client.query(sql, [...(values ?? [])])).rows,
    });
    found = await compareRows({ nodes: [node], compared: within.compared, unlinked: within.unlinked });
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
  const told = found.first.map(({ event, reason }: Altered) => [event, reason]);
  assert.deepEqual(told, [
    [edited, "the row of the change is not what it was when it was linked"],
    [removed, "the row of the change is gone"],
    [null, "the columns that the log is searched by are not what the record says"],
  ]);
  assert.equal((await compare()).altered, 0);
});

test("the keeper signs at its start, and tells of a log that ends before a checkpoint it knows", async () => {
  const writer = await open();
  await writer.append(newRecord());
  const errors: string[] = [];
  const log = { ...quietLog, error: (_: object, text: string) => void errors.push(text) };
  const saved: number[] = [];
  const ahead = { body: JSON.stringify({ number: 1_000_000 }), signature: new Uint8Array() };
  const keeper = startKeeper({
    table,
    recorder: writer,
    isWritable: () => writer.state === "ok",
    signer,
    note: {
      load: async () => ahead,
      save: async ({ body }) => void saved.push(JSON.parse(body).number),
    },
    runtime: systemRuntime,
    log,
  });
  await keeper.checkpoint();
  await keeper.close();
  await writer.close();
  assert.ok(saved.length >= 1);
  assert.equal(errors.length, 1);
  assert.ok((await recordsOf()).some(({ body }) => body.includes("audit.set-back")));
  assert.equal(verifyLog(await exported()).broken, null);
});
