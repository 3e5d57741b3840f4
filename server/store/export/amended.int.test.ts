import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { AmendmentDraft, JournalEntry } from "@openward/model";
import { streamId } from "../../ingest/ids.ts";
import {
  ANNA,
  BERIT,
  CARL,
  DEVICE,
  everybody,
  HOME,
  HOUR,
  type House,
  NURSE,
  openHouse,
  openHouseDatabase,
  readings,
  START,
  samples,
  streamOf,
} from "../amendments/testing/house.ts";
import { quietLog, type TestDatabase } from "../database/testing/database.ts";
import { noArchive } from "../telemetry/archived.ts";
import { expireExports } from "./expire.ts";
import { type ExportRequest, exportValues } from "./export.ts";

const NOW = START + 30 * HOUR;
const MINUTE = 60_000;
const COUNT = 40;
const [PULSE, ECG] = [streamOf(ANNA, "heart-rate"), streamOf(ANNA, "ecg-lead-ii", "waveform", "mV")];
const OF_BERIT = streamOf(BERIT, "heart-rate");
const reason = "looked at the patient";

let database: TestDatabase;
let house: House;
let duckdb: DuckDBConnection;
const root = mkdtempSync(join(tmpdir(), "openward-amended-"));
/** A reading a minute of Anna, then of Berit; the first half of Anna's in blocks. A sample a second of Anna. */
before(async () => {
  database = await openHouseDatabase();
  house = await openHouse(database, NOW);
  const times = Array.from({ length: COUNT }, (_, i) => START + i * MINUTE);
  const half = (from: number, to: number) =>
    readings(
      PULSE,
      times.slice(from, to),
      times.slice(from, to).map((_, i) => 60 + from + i),
      NOW,
    );
  await house.append([
    ...[PULSE, ECG].map((stream): JournalEntry => ({ kind: "stream", stream })),
    half(0, COUNT / 2),
    samples(
      ECG,
      START,
      Array.from({ length: 600 }, (_, i) => i),
      1,
    ),
  ]);
  await house.received.seal({ everything: true });
  await house.append([
    half(COUNT / 2, COUNT),
    { kind: "stream", stream: OF_BERIT },
    readings(OF_BERIT, [START + HOUR, START + HOUR + MINUTE], [100, 101], NOW),
  ]);
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
});
after(async () => {
  duckdb?.closeSync();
  await house?.close();
  await database?.close();
  rmSync(root, { recursive: true, force: true });
});

const say = (draft: AmendmentDraft) => house.amendments.make(everybody, draft, NURSE);
const at = (minute: number) => START + minute * MINUTE;
const reading = (minute: number) => ({ streamId: PULSE.id, at: at(minute), ordinal: 0, seen: null, reason }) as const;
const span = (from: number, to: number, patientId: string = ANNA) =>
  ({ deviceId: DEVICE, patientId, from: at(from), to: at(to), seen: null, reason }) as const;
const rows = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRowObjects();

let exports = 0;
async function exported(more: Partial<ExportRequest> = {}) {
  const folder = join(root, `${++exports}`);
  const manifest = await exportValues(
    {
      organisation: { id: HOME, name: "Home" },
      folder,
      use: "operations",
      purpose: "a study",
      expiresAt: NOW + 24 * HOUR,
      patientIds: [],
      signals: [],
      from: null,
      to: null,
      isIdentified: true,
      isAsReceived: false,
      by: "test",
      ...more,
    },
    {
      runtime: house.runtime,
      worker: database.worker,
      archive: noArchive,
      keys: house.keys,
      streamIdOf: streamId,
      log: quietLog,
    },
  );
  const hasReadings = manifest.files.some(({ name }) => name.startsWith("readings"));
  const numeric = hasReadings
    ? await rows(
        `SELECT patient, epoch_ms(time)::DOUBLE AS ms, value, quality FROM read_parquet('${folder}/readings-*.parquet') ORDER BY patient, ms`,
      )
    : [];
  const of = (patientId: string) =>
    numeric.filter(({ patient }) => patient === patientId).map(({ ms, value }) => [Number(ms), Number(value)]);
  return { folder, manifest, numeric, of };
}

/** What readers are answered. */
async function answered(patientId: string): Promise<[number, number][]> {
  const found: [number, number][] = [];
  const stream = streamOf(patientId, "heart-rate");
  if (!house.telemetry.queries.known(everybody, stream.id)) return found;
  const asked = { from: START, to: NOW, isDescending: false };
  for await (const { times, values } of house.telemetry.queries.columns(everybody, stream.id, asked))
    for (const [i, time] of times.entries()) found.push([time, values[i] as number]);
  return found;
}

/** Every patient's values are those that readers are answered. */
async function isAsRead(patients = [ANNA, BERIT, CARL]) {
  const written = await exported();
  for (const patientId of patients) assert.deepEqual(written.of(patientId), await answered(patientId), patientId);
  return written;
}

test("where nothing was amended, an export says until when that is so", async () => {
  const { of, manifest } = await isAsRead();
  assert.deepEqual([of(ANNA).length, of(BERIT).length], [COUNT, 2]);
  assert.deepEqual([manifest.amendedUntil, manifest.amendments], [new Date(NOW).toISOString(), 0]);
});

test("a reading and a span that are in error are left out, in blocks and in memory alike", async () => {
  await say({ kind: "entered-in-error", ...reading(1) });
  await say({ kind: "entered-in-error", streamId: PULSE.id, ...span(18, 22) });
  const { of } = await isAsRead();
  const minutes = of(ANNA).map(([time]) => ((time as number) - START) / MINUTE);
  assert.deepEqual(
    Array.from({ length: COUNT }, (_, i) => i).filter((minute) => !minutes.includes(minute)),
    [1, 18, 19, 20, 21],
  );
});

test("a corrected value stands there as corrected, and says so in its quality; a later correction replaces it", async () => {
  await say({ kind: "corrected", ...reading(2), value: 71, unit: "/min" });
  const first = await say({ kind: "corrected", ...reading(30), value: 72, unit: "/min" });
  await say({ kind: "corrected", ...reading(30), seen: first.id, value: 73, unit: "/min" });
  const { numeric } = await isAsRead();
  const corrected = numeric.filter(({ quality }) => String(quality).includes("corrected"));
  assert.deepEqual(
    corrected.map(({ value, quality }) => [value, quality]),
    [
      [71, "corrected"],
      [73, "corrected"],
    ],
  );
});

test("a span that was given to another patient stands with that one, also by way of a third, and a withdrawal brings it back", async () => {
  const { id: seen } = await say({ kind: "re-attributed", ...span(10, 15), toPatientId: BERIT });
  await say({ kind: "re-attributed", ...span(12, 14, BERIT), seen, toPatientId: CARL });
  const back = await say({ kind: "re-attributed", ...span(35, 37), toPatientId: BERIT });
  const { of, manifest } = await isAsRead();
  assert.deepEqual(of(CARL), [
    [at(12), 72],
    [at(13), 73],
  ]);
  assert.deepEqual(
    of(BERIT).map(([, value]) => value),
    [70, 71, 74, 95, 96, 100, 101],
  );
  assert.equal(manifest.patients, 3);

  const ofCarl = await exported({ patientIds: [CARL], from: at(13) });
  assert.deepEqual(
    ofCarl.numeric.map(({ patient, value }) => [patient, value]),
    [[CARL, 73]],
  );
  const { rows: held } = await database.worker.query(
    "SELECT patient_ids::text[] AS ids FROM data_export WHERE id = $1",
    [ofCarl.manifest.id],
  );
  assert.deepEqual(held, [{ ids: [CARL] }]);
  await say({ kind: "withdrawn", amendmentId: back.id, reason });
  assert.deepEqual((await isAsRead()).of(BERIT).length, 5);
});

test("waveforms are without what is in error, and with the patient whose they are", async () => {
  const { folder } = await exported();
  const found = async (where: string) =>
    (
      await rows(
        `SELECT patient, unnest(samples) AS sample, start FROM read_parquet('${where}/waveforms-*.parquet') ORDER BY patient, start`,
      )
    ).map(({ patient, sample }) => [patient, sample]);
  // Minutes 10 to 15 went to others; there are no samples behind minute 10.
  assert.equal((await found(folder)).length, 600);
  await say({ kind: "entered-in-error", streamId: ECG.id, ...span(1, 2) });
  await say({ kind: "re-attributed", ...span(4, 5), toPatientId: CARL });
  const amended = await found((await exported()).folder);
  const of = (patientId: string) => amended.filter(([patient]) => patient === patientId).map(([, sample]) => sample);
  const all = Array.from({ length: 600 }, (_, i) => i);
  assert.deepEqual(of(CARL), all.slice(240, 300));
  assert.deepEqual(
    of(ANNA),
    all.filter((i) => (i < 60 || i >= 120) && (i < 240 || i >= 300)),
  );
});

test("as received, an export has what came, under whom it came, and each file says which of the two it is", async () => {
  const received = await exported({ isAsReceived: true });
  assert.deepEqual(
    received.of(ANNA),
    Array.from({ length: COUNT }, (_, i) => [at(i), 60 + i]),
  );
  assert.deepEqual([received.of(BERIT).length, received.of(CARL).length], [2, 0]);
  assert.equal(received.manifest.amendedUntil, null);
  assert.ok(received.manifest.amendments > 8);
  const amended = await exported();
  for (const [{ folder, manifest }, values] of [
    [received, "as received"],
    [amended, `as amended until ${new Date(NOW).toISOString()}`],
  ] as const) {
    for (const { name } of manifest.files) {
      const found = await rows(
        `SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${join(folder, name)}') ORDER BY 1`,
      );
      assert.deepEqual(
        found.map(({ key, value }) => [key, value]),
        [
          ["openward.export", manifest.id],
          ["openward.values", values],
        ],
      );
    }
  }
});

test("the export of a patient who was erased is removed, and with it what had been given to them; an old manifest is known", async () => {
  const ofCarl = await exported({ patientIds: [CARL] });
  assert.ok(ofCarl.of(CARL).length > 0);
  const path = join(ofCarl.folder, "manifest.json");
  const { amendedUntil: _, ...old } = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...old, version: 1 }));
  house.runtime.time = NOW + 48 * HOUR;
  const removed = await expireExports(
    { organisationId: HOME, patientIds: [CARL] },
    { runtime: house.runtime, worker: database.worker },
  );
  house.runtime.time = NOW;
  assert.ok(removed.some(({ folder, outcome }) => folder === ofCarl.folder && outcome === "removed"));
  assert.equal(existsSync(ofCarl.folder), false);
  house.keys.erase([{ patientId: CARL, organisationId: HOME, at: NOW, by: "test", reason: "test" }]);
  const { of } = await exported();
  assert.deepEqual(of(CARL), [], "nothing of it comes back");
  assert.equal(
    of(ANNA).some(([time]) => time === at(12)),
    false,
  );
});
