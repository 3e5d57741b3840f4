import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { ABSENT_SAMPLE, QUALITY } from "@openward/model";
import { streamId } from "../../ingest/ids.ts";
import type { Archive } from "../archive/archive.ts";
import {
  ASSOCIATION,
  type Clock,
  DAY,
  ECG,
  fillWard,
  MINUTE,
  NUMERIC,
  ORGANISATION,
  openTestArchive,
  openTestStore,
  PATIENT,
  START,
  temporaryArchive,
  VIEW,
} from "../archive/testing/ward.ts";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import { eraseRows } from "../keys/index.ts";
import { settableRuntime, type TestStore } from "../telemetry/testing/open-store.ts";
import { readAgreed } from "./agreed.ts";
import { expireExports } from "./expire.ts";
import { type ExportRequest, exportValues } from "./export.ts";

let database: TestDatabase;
let runtime: Clock;
let archiveFolder: string;
let archive: Archive;
let store: TestStore;
let duckdb: DuckDBConnection;
const root = mkdtempSync(join(tmpdir(), "openward-export-"));
const folder = (name: string) => join(root, name);

/** Of hours ago: archived, sealed, and in the journal alone; with a fraction in a start, a missing sample, a flag. */
before(async () => {
  database = await openTestDatabase();
  runtime = settableRuntime(START);
  archiveFolder = temporaryArchive();
  archive = await openTestArchive(database, runtime, archiveFolder);
  store = await openTestStore(database, runtime, undefined, undefined, { archive });
  await database.owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    ORGANISATION,
  ]);
  await database.owner.query(
    `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
     VALUES ($1, $2, 'Berg, Ola', 'berg ola', 'unknown', '4711', 'UTC', 0, 0)`,
    [PATIENT, ORGANISATION],
  );
  await fillWard(store, runtime, seeded(), 2, 45);
  const { moved } = await archive.run({ everything: true });
  assert.ok(moved > 0);
  const [stream] = NUMERIC;
  assert.ok(stream);
  const form = { rateHz: 360, scale: 0.005, origin: -1.25, quality: 0, utcOffsetMinutes: null };
  const start = runtime.time + 0.5;
  const samples = Int32Array.of(1, -2, ABSENT_SAMPLE, 2147483647);
  await store.journal.append([
    {
      kind: "readings",
      readings: {
        stream,
        associationId: ASSOCIATION,
        times: Float64Array.of(runtime.time, runtime.time + 1),
        values: Float64Array.of(0.1 + 0.2, -0),
        quality: Uint8Array.of(QUALITY.questionable | QUALITY.claimed, 0),
        utcOffsetMinutes: null,
        receivedAt: runtime.time,
      },
    },
    {
      kind: "waveform",
      waveform: { stream: ECG, associationId: ASSOCIATION, start, ...form, samples, receivedAt: runtime.time },
    },
  ]);
  runtime.time += MINUTE;
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
});
after(async () => {
  duckdb.closeSync();
  await store.close();
  await archive.close();
  await database.close();
  for (const each of [root, archiveFolder]) rmSync(each, { recursive: true, force: true });
});

const rows = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowObjects();
const deps = () => ({
  runtime,
  worker: database.worker,
  archive,
  keys: store.keys,
  streamIdOf: streamId,
  log: quietLog,
});
const request = (name: string, more: Partial<ExportRequest> = {}): ExportRequest => ({
  organisation: { id: ORGANISATION, name: "Test" },
  folder: folder(name),
  use: "operations",
  purpose: "a study of nights",
  expiresAt: runtime.time + 30 * DAY,
  patientIds: [],
  signals: [],
  from: null,
  to: null,
  isIdentified: true,
  isAsReceived: false,
  by: "test",
  ...more,
});

async function everyReading() {
  const query = { patientId: PATIENT, streamIds: NUMERIC.map((s) => s.id), from: START - DAY, to: runtime.time };
  const found = await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 1_000_000 });
  return found.map((each) => [each.stream.deviceId, each.time, each.value, each.ordinal, each.utcOffsetMinutes]);
}

test("another reader finds every reading, typed: archived, in blocks, and only in the journal", async () => {
  const manifest = await exportValues(request("all"), deps());
  const wanted = await everyReading();
  assert.ok(wanted.length > 2_000);
  const from = `FROM read_parquet('${folder("all")}/readings-*.parquet')`;
  const found = await rows(
    `SELECT device, epoch_ms(time) AS time, value, ordinal, utc_offset_minutes ${from} ORDER BY time, device, ordinal`,
  );
  assert.deepEqual(
    found.map((row) => [row.device, Number(row.time), row.value, row.ordinal, row.utc_offset_minutes]),
    wanted.toSorted((a, b) => Number(a[1]) - Number(b[1]) || (String(a[0]) < String(b[0]) ? -1 : 1)),
  );
  const types = Object.fromEntries(
    (await rows(`DESCRIBE SELECT * ${from}`)).map((r) => [r.column_name, r.column_type]),
  );
  assert.deepEqual(types, {
    patient: "VARCHAR",
    device: "VARCHAR",
    signal: "VARCHAR",
    mdc: "VARCHAR",
    mdc_code: "INTEGER",
    loinc: "VARCHAR",
    unit: "VARCHAR",
    time: "TIMESTAMP WITH TIME ZONE",
    value: "DOUBLE",
    ordinal: "INTEGER",
    quality: "VARCHAR",
    utc_offset_minutes: "INTEGER",
    received_at: "TIMESTAMP WITH TIME ZONE",
  });
  const [one] = await rows(`SELECT * ${from} WHERE quality <> 'good'`);
  assert.equal(one?.value, 0.1 + 0.2);
  assert.equal(one?.quality, "claimed+questionable");
  assert.equal(one?.mdc, "MDC_ECG_HEART_RATE");
  assert.equal(one?.loinc, "8867-4");
  assert.equal(one?.patient, PATIENT);
  assert.equal(
    manifest.files.reduce((sum, file) => sum + (file.name.startsWith("readings") ? file.rows : 0), 0),
    wanted.length,
  );
});

test("waveforms are lists of samples with rate, scale and origin; a missing sample is null", async () => {
  const from = `FROM read_parquet('${folder("all")}/waveforms-*.parquet')`;
  const pieces = await store.telemetry.waveform(VIEW, {
    patientId: PATIENT,
    streamId: ECG.id,
    from: START - DAY,
    to: runtime.time,
  });
  const wanted = pieces.flatMap((piece) => [...piece.samples].map((s) => (s === ABSENT_SAMPLE ? null : s)));
  // Of one start there are many samples: their order is that of the list, which a sort need not keep.
  const found = await rows(
    `SELECT sample FROM (SELECT start_ms, unnest(samples) AS sample, generate_subscripts(samples, 1) AS n ${from}) ORDER BY start_ms, n`,
  );
  assert.deepEqual(
    found.map((row) => row.sample),
    wanted,
  );
  const [last] = await rows(`SELECT *, typeof(samples) AS type, epoch_ms(start) AS ms ${from} WHERE rate_hz = 360`);
  assert.equal(last?.type, "INTEGER[]");
  assert.deepEqual([last?.scale, last?.origin, last?.unit, last?.signal], [0.005, -1.25, "mV", "ecg-lead-ii"]);
  assert.equal(Number(last?.start_ms) - Number(last?.ms), 0.5);
  const [longest] = await rows(`SELECT max(len(samples) / rate_hz) AS seconds ${from}`);
  assert.ok(Number(longest?.seconds) <= 60);
});

test("the manifest says what it is for and until when, with a hash of each file; files are their owner's alone", async () => {
  const manifest = JSON.parse(readFileSync(join(folder("all"), "manifest.json"), "utf8"));
  assert.equal(manifest.purpose, "a study of nights");
  assert.equal(manifest.patients, 1);
  assert.deepEqual(manifest.signals, ["ecg-lead-ii", "heart-rate"]);
  for (const { name, bytes, sha256 } of manifest.files) {
    const content = readFileSync(join(folder("all"), name));
    assert.equal(content.length, bytes);
    assert.equal(createHash("sha256").update(content).digest("hex"), sha256);
    assert.equal(statSync(join(folder("all"), name)).mode & 0o077, 0);
  }
  const audits = await database.worker.query(
    "SELECT patient_id, detail FROM audit_event WHERE action = 'export.created' AND detail->>'export' = $1",
    [manifest.id],
  );
  assert.deepEqual(
    audits.rows.map((row) => [row.patient_id, row.detail.purpose]),
    [[PATIENT, "a study of nights"]],
  );
});

test("without --identified no id is in the files, and two exports use different names", async () => {
  const names: unknown[] = [];
  for (const name of ["pseudonyms-1", "pseudonyms-2"]) {
    await exportValues(request(name, { isIdentified: false }), deps());
    for (const file of readdirSync(folder(name))) {
      const bytes = readFileSync(join(folder(name), file));
      for (const id of [PATIENT, ...NUMERIC.map((stream) => stream.deviceId), ...NUMERIC.map((stream) => stream.id)])
        assert.equal(bytes.includes(id), false, `${id} in ${file}`);
    }
    const [row] = await rows(
      `SELECT DISTINCT patient FROM read_parquet('${folder(name)}/*.parquet', union_by_name = true)`,
    );
    names.push(row?.patient);
  }
  assert.equal(new Set(names).size, 2);
});

test("a signal and a span of time can be chosen", async () => {
  const [from, to] = [START + 10 * MINUTE, START + 20 * MINUTE];
  const manifest = await exportValues(request("some", { signals: ["heart-rate"], from, to }), deps());
  assert.deepEqual(
    manifest.files.map((file) => [file.name, file.rows]),
    [["readings-0001.parquet", 10 * 6 * NUMERIC.length]],
  );
});

for (const { what, more, code } of [
  { what: "without a purpose", more: { purpose: " " }, code: "FIELD_INVALID" },
  { what: "until yesterday", more: { expiresAt: START - DAY }, code: "FIELD_INVALID" },
  { what: "of a signal that there is not", more: { signals: ["hart-rate"] }, code: "SIGNAL_UNKNOWN" },
  { what: "of somebody else's patient", more: { patientIds: [ORGANISATION] }, code: "NOT_FOUND" },
  { what: "into a folder with something in it", more: { folder: root }, code: "CONFLICT" },
]) {
  test(`an export ${what} is refused, and nothing is recorded`, async () => {
    const count = async () => (await database.worker.query("SELECT count(*)::int AS n FROM data_export")).rows[0].n;
    const before = await count();
    await assert.rejects(exportValues(request("refused", more), deps()), { code });
    assert.equal(await count(), before);
  });
}

/** Said of the patient; who denies or agrees to what. */
async function say(
  id: number,
  rule: { decision: "permit" | "deny"; categories: string[]; actors: object[]; purpose: string | null },
) {
  await database.owner.query(
    `INSERT INTO consent (id, version, organisation_id, patient_id, status, decision, categories, purpose, actors, from_at, is_silent, said_at, said_by, said_as)
     VALUES ($1, 1, $2, $3, 'active', $4, $5, $6, $7, 0, false, $8, 'test', 'self')`,
    [
      `00000000-0000-7000-8000-00000000000${id}`,
      ...[
        ORGANISATION,
        PATIENT,
        rule.decision,
        rule.categories,
        rule.purpose,
        JSON.stringify(rule.actors),
        runtime.time,
      ],
    ],
  );
}

test("for research there is what the patient agreed to, less what they denied, and nothing once they take it back", async () => {
  const asked = { use: "research", isAsReceived: false } as const;
  await assert.rejects(exportValues(request("nobody", asked), deps()), { code: "CONFLICT" });
  await assert.rejects(exportValues(request("raw", { ...asked, isAsReceived: true }), deps()), {
    code: "FIELD_INVALID",
  });
  const mayHave = async (...signals: string[]) => {
    const isAgreed = await readAgreed(database.worker, ORGANISATION, runtime.time);
    return signals.map((signal) => isAgreed({ patientId: PATIENT, signal }));
  };
  const everybody = [{ kind: "everybody" }];
  await say(1, { decision: "permit", categories: ["breathing"], actors: everybody, purpose: "research" });
  await assert.rejects(exportValues(request("other kind", asked), deps()), { code: "CONFLICT" });
  await say(2, { decision: "permit", categories: ["heart"], actors: everybody, purpose: "research" });
  const manifest = await exportValues(request("agreed", asked), deps());
  assert.deepEqual([manifest.use, manifest.patients, manifest.notAgreed], ["research", 1, 0]);
  assert.deepEqual(await mayHave("heart-rate", "ecg-lead-ii", "spo2", "glucose-interstitial"), [
    true,
    true,
    true,
    false,
  ]);
  // What is said to researchers outranks what is said to everybody, and what is for care alone says nothing here.
  const researchers = [{ kind: "role", role: "researcher" }];
  await say(3, { decision: "deny", categories: ["breathing"], actors: researchers, purpose: null });
  await say(4, { decision: "deny", categories: ["heart"], actors: [{ kind: "role", role: "nurse" }], purpose: "care" });
  assert.deepEqual(await mayHave("heart-rate", "spo2"), [true, false]);

  // Taken back while it is written.
  const whileWriting = {
    isOnlyHot: () => false,
    async fetch(...ranges: Parameters<Archive["fetch"]>) {
      await database.owner.query("UPDATE consent_rule SET ended_at = 1 WHERE ended_at IS NULL");
      return archive.fetch(...ranges);
    },
  };
  await assert.rejects(
    exportValues(request("withdrawn", asked), { ...deps(), archive: whileWriting }),
    (error: { code: string; facts: { at: string } }) => {
      assert.deepEqual([error.code, error.facts.at], ["CONFLICT", "export"]);
      return true;
    },
  );
  assert.deepEqual(readdirSync(folder("withdrawn")), []);
});

test("an export that meets a damaged block leaves no files and is recorded as failed", async () => {
  const damaged = {
    isOnlyHot: () => false,
    fetch: async (ranges: readonly unknown[]) => ranges.map(() => new Error("damaged")),
  };
  await assert.rejects(exportValues(request("damaged"), { ...deps(), archive: damaged }), { code: "BLOCK_CORRUPT" });
  assert.deepEqual(readdirSync(folder("damaged")), []);
  const { rows } = await database.worker.query(
    "SELECT count(*)::int AS n FROM audit_event WHERE action = 'export.failed'",
  );
  assert.equal(rows[0].n, 2, "this one, and the one whose consent was taken back");
});

test("what is past its day is removed, its own files alone, and what is not where it was is told until somebody says so", async () => {
  await exportValues(request("short", { expiresAt: runtime.time + DAY }), deps());
  await exportValues(request("moved", { expiresAt: runtime.time + DAY }), deps());
  writeFileSync(join(folder("short"), "notes.txt"), "mine");
  assert.deepEqual(await expireExports({ organisationId: ORGANISATION }, deps()), []);
  runtime.time += 2 * DAY;
  rmSync(folder("moved"), { recursive: true });
  const outcomes = async (isGone: boolean) =>
    (await expireExports({ organisationId: ORGANISATION, isGone }, deps()))
      .map((each) => [each.folder, each.outcome])
      .sort();
  assert.deepEqual(await outcomes(false), [
    [folder("moved"), "missing"],
    [folder("short"), "removed"],
  ]);
  assert.deepEqual(readdirSync(folder("short")), ["notes.txt"]);
  assert.deepEqual(await outcomes(true), [[folder("moved"), "missing"]]);
  assert.deepEqual(await outcomes(false), []);
  assert.ok(existsSync(join(folder("all"), "manifest.json")), "whose day is to come stays");
});

test("where an amendment cannot be read, an export is refused but for one as received, which says how many there are", async () => {
  await database.owner.query(
    `INSERT INTO amendment (id, patient_id, organisation_id, sequence, at, made_by, content)
      VALUES (gen_random_uuid(), $1, $2, nextval('amendment_sequence'), 1, 'nurse', '\\x00')`,
    [PATIENT, ORGANISATION],
  );
  await assert.rejects(exportValues(request("amended"), deps()), { code: "BLOCK_CORRUPT" });
  assert.equal(existsSync(folder("amended")), false);
  const manifest = await exportValues(request("as-received", { isAsReceived: true }), deps());
  assert.deepEqual([manifest.amendments, manifest.amendedUntil], [1, null]);
  await database.owner.query("DELETE FROM amendment");
});

test("an export that holds an erased patient is removed, of everybody or of that patient alone; one that is under way leaves nothing", async () => {
  await exportValues(request("everybody"), deps());
  await exportValues(request("one", { patientIds: [PATIENT] }), deps());
  const [file] = readdirSync(folder("one"));
  assert.ok(file);
  const erasing = {
    ...archive,
    isOnlyHot: archive.isOnlyHot,
    async fetch(ranges: Parameters<Archive["fetch"]>[0]) {
      const at = runtime.time;
      await eraseRows(database.worker, [{ patientId: PATIENT, organisationId: ORGANISATION }], [], at);
      return archive.fetch(ranges);
    },
  };
  await assert.rejects(exportValues(request("under-way"), { ...deps(), archive: erasing }), { code: "CONFLICT" });
  assert.deepEqual(readdirSync(folder("under-way")), []);
  const which = { organisationId: ORGANISATION, patientIds: [PATIENT] };
  const removed = (await expireExports(which, deps())).map((each) => [each.folder, each.outcome]);
  for (const name of ["everybody", "one"]) {
    assert.ok(removed.some(([where, outcome]) => where === folder(name) && outcome === "removed"));
    assert.equal(existsSync(folder(name)), false);
  }
  assert.deepEqual(await expireExports(which, deps()), []);
});
