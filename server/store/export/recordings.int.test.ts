import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { decodeRaw } from "@openward/codecs/raw";
import { ABSENT_SAMPLE } from "@openward/model";
import { streamId } from "../../ingest/ids.ts";
import type { Archive } from "../archive/archive.ts";
import {
  type Clock,
  DAY,
  fillWard,
  MINUTE,
  ORGANISATION,
  openTestArchive,
  openTestStore,
  PATIENT,
  START,
  temporaryArchive,
} from "../archive/testing/ward.ts";
import { openTestDatabase, quietLog, type TestDatabase } from "../database/testing/database.ts";
import { seeded } from "../journal/testing/entries.ts";
import { settableRuntime, type TestStore } from "../telemetry/testing/open-store.ts";
import { expireExports } from "./expire.ts";
import { exportValues } from "./export.ts";

let database: TestDatabase;
let runtime: Clock;
let archive: Archive;
let store: TestStore;
let duckdb: DuckDBConnection;
const root = mkdtempSync(join(tmpdir(), "openward-recordings-"));
const archiveFolder = temporaryArchive();

before(async () => {
  database = await openTestDatabase();
  runtime = settableRuntime(START);
  archive = await openTestArchive(database, runtime, archiveFolder);
  store = await openTestStore(database, runtime, undefined, undefined, { archive });
  await database.owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    ORGANISATION,
  ]);
  await database.owner.query(
    `INSERT INTO patient (id, organisation_id, name, name_key, sex, mrn, time_zone, created_at, updated_at)
     VALUES ($1, $2, '=HYPERLINK("x")', 'x', 'unknown', '4711', 'UTC', 0, 0)`,
    [PATIENT, ORGANISATION],
  );
  await fillWard(store, runtime, seeded(), 2, 45);
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

const write = (name: string, format: "parquet" | "edf" | "wfdb") =>
  exportValues(
    {
      organisation: { id: ORGANISATION, name: "Test" },
      folder: join(root, name),
      format,
      use: "operations",
      purpose: "a study of nights",
      expiresAt: runtime.time + 30 * DAY,
      patientIds: [PATIENT],
      signals: [],
      from: null,
      to: null,
      isIdentified: false,
      isAsReceived: false,
      by: "test",
    },
    { runtime, worker: database.worker, archive, keys: store.keys, streamIdOf: streamId, log: quietLog },
  );

interface Tally {
  count: number;
  sum: number;
}
type Tallies = Record<string, Tally>;
const add = (tallies: Tallies, signal: string, value: number) => {
  tallies[signal] ??= { count: 0, sum: 0 };
  tallies[signal].count++;
  tallies[signal].sum += value;
};

/** What another program counts in the Parquet files: of waveforms samples, of readings values. */
async function counted(): Promise<Tallies> {
  await write("parquet", "parquet");
  const rows = async (sql: string) =>
    (await duckdb.runAndReadAll(sql)).getRowObjects() as { signal: string; count: bigint; sum: number }[];
  const found = [
    ...(await rows(
      `SELECT signal, count(s) AS count, sum(s)::double AS sum FROM (SELECT signal, unnest(samples) AS s FROM read_parquet('${root}/parquet/waveforms-*.parquet')) GROUP BY signal`,
    )),
    ...(await rows(
      `SELECT signal, count(value) AS count, sum(value)::double AS sum FROM read_parquet('${root}/parquet/readings-*.parquet') GROUP BY signal`,
    )),
  ];
  return Object.fromEntries(found.map(({ signal, count, sum }) => [signal, { count: Number(count), sum }]));
}

function agree(found: Tallies, expected: Tallies, left: Readonly<Record<string, number>>, step: number): void {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [signal, { count, sum }] of Object.entries(expected)) {
    assert.equal((found[signal]?.count ?? 0) + (left[signal] ?? 0), count, signal);
    const isRight = Math.abs((found[signal]?.sum ?? 0) - sum) < (signal === "heart-rate" ? count * step : 1e-6);
    if (!left[signal]) assert.ok(isRight, `${signal}: ${found[signal]?.sum} ${sum}`);
  }
}

const leftOf = (tracks: readonly { signal: string; left: number }[] = []) => {
  const left: Record<string, number> = {};
  for (const one of tracks) if (one.left > 0) left[one.signal] = (left[one.signal] ?? 0) + one.left;
  return left;
};

test("EDF+ and WFDB hold every sample and every reading that Parquet has, as another program counts them", async () => {
  const expected = await counted();
  const edf = await write("edf", "edf");
  const inEdf: Tallies = {};
  const context = { item: 0, at: 0, atQuality: 0, utcOffsetMinutes: 0, timeZone: null, session: {} };
  for (const { name, sha256 } of edf.files) {
    const bytes = readFileSync(join(root, "edf", name));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256);
    assert.ok(!bytes.includes("HYPERLINK") && !bytes.includes(PATIENT), "no name and no id");
    const { readings, waveforms } = decodeRaw(bytes, "files/edf", context);
    for (const one of waveforms)
      for (const sample of one.samples) if (sample !== ABSENT_SAMPLE) add(inEdf, one.signal, sample);
    for (const one of readings) for (const value of Array.from(one.values)) add(inEdf, one.signal, value);
  }
  agree(inEdf, expected, leftOf(edf.tracks), 0.005);

  const wfdb = await write("wfdb", "wfdb");
  const inWfdb: Tallies = {};
  for (const { name, signal, samples } of wfdb.tracks ?? []) {
    const header = readFileSync(join(root, "wfdb", `${name}.hea`), "utf8");
    const [, format = ""] = /\.dat (\d+) /.exec(header) ?? [];
    const [, scale = "", origin = ""] = / scale (\S+) origin (\S+):/.exec(header) ?? [];
    const data = readFileSync(join(root, "wfdb", `${name}.dat`));
    const isReading = header.includes(" origin 0:") && !(signal.startsWith("ecg") || signal === "pleth");
    for (let i = 0; i < samples; i++) {
      const at = Math.floor(i / 2) * 3;
      const twelve =
        i % 2 === 0
          ? data.readUInt8(format === "212" ? at : 0) + (format === "212" ? data.readUInt8(at + 1) % 16 : 0) * 256
          : format === "212"
            ? data.readUInt8(at + 2) + (data.readUInt8(at + 1) >> 4) * 256
            : 0;
      const sample =
        format === "212"
          ? twelve > 2_047
            ? twelve - 4_096
            : twelve
          : format === "16"
            ? data.readInt16LE(2 * i)
            : data.readInt32LE(4 * i);
      const absent = { "212": -2_048, "16": -32_768, "32": ABSENT_SAMPLE }[format];
      if (sample !== absent) add(inWfdb, signal, isReading ? sample * Number(scale) + Number(origin) : sample);
    }
  }
  agree(inWfdb, expected, leftOf(wfdb.tracks), 0.000_001);
});

test("past their day their files are removed, and nothing else", async () => {
  runtime.time += 31 * DAY;
  const expired = await expireExports({ organisationId: ORGANISATION }, { runtime, worker: database.worker });
  assert.deepEqual(
    expired.map(({ outcome }) => outcome),
    ["removed", "removed", "removed"],
  );
  for (const name of ["edf", "wfdb", "parquet"]) assert.ok(!existsSync(join(root, name)), readdirSync(root).join());
});
