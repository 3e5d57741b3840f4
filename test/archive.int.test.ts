import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { testSeed } from "../packages/timeseries/testing/random.ts";
import { archiveHour } from "./support/archive-campaign.ts";
import { archiveRecordings } from "./support/archive-recordings.ts";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, root, startWard } from "./support/ward.ts";

const DAY_MS = 86_400_000;
const DATA = join(root, "../shared/data/ecg");
const skip = existsSync(join(DATA, "mitdb")) ? false : "the recordings of ../shared/data are not on this machine";

test("an hour of 100,000 readings read back after archiving has the hash of what was sent", async (t) => {
  const seed = testSeed();
  t.diagnostic(`SEED=${seed}`);
  const result = await archiveHour(100_000, seed, (line) => t.diagnostic(line));
  assert.equal(result.readBack, result.readings);
  assert.equal(result.wrong, 0);
  assert.ok(result.moved >= result.readings / 3600);
});

test("recordings come back from the archive bit by bit: MIT-BIH, changing gains, gaps, and the numerics of BIDMC", {
  skip,
}, async (t) => {
  const multi = "wfdb-samples/multi-segment/s25047/s25047-2704-05-04-10-44.hea";
  const records = ["mitdb/100.hea", multi].map((name) => join(DATA, name));
  const numerics = ["01", "12", "27"].map((patient) => join(DATA, "bidmc", `bidmc_${patient}_Numerics.csv`));
  const { wrong, ...result } = await archiveRecordings(records, numerics, (line) => t.diagnostic(line));
  t.diagnostic(JSON.stringify(result));
  assert.deepEqual(wrong, []);
  assert.equal(result.records, 2);
  assert.ok(result.samples > 2_000_000 && result.columns >= 12);
});

test("openward export and archive verify work beside a running server; what is wrong is told by field", async () => {
  const ward = await startWard();
  try {
    const [bed] = await addBeds(ward, 1);
    assert.ok(bed);
    const at = Date.now() - 60_000;
    const readings = Array.from({ length: 50 }, (_, n) => ({ at: at + n * 1000, values: { "heart-rate": 60 + n } }));
    const answer = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(readings),
    });
    assert.equal(answer.status, 200);
    const folder = join(ward.dataDir, "given");
    const asked = [
      "export",
      "--parquet",
      folder,
      "--for",
      "operations",
      "--purpose",
      "a check",
      "--patient",
      bed.patientId,
    ];
    const manifest = await ward.json<{ files: { rows: number }[]; isIdentified: boolean; amendedUntil: string | null }>(
      ...asked,
      "--until",
      "2999-12-31",
    );
    assert.deepEqual(
      manifest.files.map((file) => file.rows),
      [50],
    );
    assert.equal(manifest.isIdentified, false);
    assert.ok(manifest.amendedUntil && Date.parse(manifest.amendedUntil) <= Date.now());
    const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
    const sql = `SELECT sum(value)::double AS sum FROM read_parquet('${folder}/*.parquet')`;
    const [row] = (await duckdb.runAndReadAll(sql)).getRowObjects();
    duckdb.closeSync();
    assert.equal(row?.sum, 50 * 60 + (49 * 50) / 2);
    assert.deepEqual(await ward.json("archive", "verify"), { files: 0, bytes: 0, damaged: [], unknown: [] });
    assert.deepEqual(await ward.json("export", "--expire"), { expired: [] });
    assert.ok(readdirSync(folder).includes("manifest.json"));
    const recordings = join(ward.dataDir, "recordings");
    const { tracks } = await ward.json<{ tracks: { name: string; signal: string; samples: number }[] }>(
      ...asked.map((word) => (word === "--parquet" ? "--edf" : word === folder ? recordings : word)),
      "--until",
      "2999-12-31",
    );
    assert.equal(tracks.length, 1);
    assert.ok(readdirSync(recordings).includes(`${tracks[0]?.name}.edf`));
    for (const [args, code] of [
      [[...asked, "--until", "2999-12-31", "--wfdb", recordings], 2],
      [[...asked, "--until", "tomorrow"], 2],
      [["export", "--parquet", folder, "--until", "2999-12-31"], 2],
      [[...asked, "--until", "2999-12-31"], 1],
    ] as const) {
      assert.equal((await ward.cli(...args)).code, code, args.join(" "));
    }
    const ready = await (await fetch(`${ward.url}/health/ready`)).json();
    assert.equal((ready as { checks: { archive: string } }).checks.archive, "ok");
    const metrics = await (await fetch(`${ward.url}/metrics`)).text();
    assert.match(metrics, /^openward_archive_state 1$/m);
  } finally {
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
});

test("what was measured days ago moves by itself; /api/streams and FHIR answer as before; a corrupt file is told, and the rest stays readable", async (t) => {
  const env = { OPENWARD_ARCHIVE_NUMERIC_DAYS: "1", OPENWARD_TEST_HOUSEKEEPING_MS: "200" };
  const ward = await startWard({ env });
  t.after(async () => {
    await ward.stop();
    removeDataDir(ward.dataDir);
  });
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  const send = async (from: number, count: number) => {
    const body = Array.from({ length: count }, (_, n) => ({
      at: from + n * 1000,
      values: { "heart-rate": 50 + n / 8 },
    }));
    const authorization = `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`;
    const answer = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 200);
  };
  const [old, recent] = [Date.now() - 3 * DAY_MS, Date.now() - 60_000];
  await send(recent, 10);
  await send(old, 200);
  const answersOf = async (running: RunningWard) => {
    const api = await apiOf(running, "nurse");
    const fhir = await fhirOf(running);
    const { patients } = await api<{ patients: { streams: { id: string }[] }[] }>(
      "GET",
      `/api/streams?patient=${bed.patientId}`,
    );
    const span = (from: number) => `stream=${patients[0]?.streams[0]?.id}&from=${from}&to=${from + 3_600_000}`;
    const ask = (from: number) => api<unknown>("GET", `/api/streams/readings?${span(from)}`);
    return {
      old: await ask(old),
      recent: await ask(recent),
      line: await api("GET", `/api/streams/trend?${span(old)}&buckets=20&method=lttb`),
      trend: await api("GET", `/api/streams/trend?${span(old)}&buckets=60`),
      fhir: (await fhir<{ entry?: unknown[] }>(`Observation?patient=${bed.patientId}&code=8867-4&_count=500`)).entry
        ?.length,
    };
  };
  const before = await answersOf(ward);
  assert.equal(before.fhir, 210);
  const folder = join(ward.dataDir, "archive");
  const filesOf = () =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".parquet"))
      : [];
  for (const end = performance.now() + 120_000; filesOf().length === 0 && performance.now() < end; ) await wait(50);
  const found = await ward.json<{ files: number; damaged: unknown[]; unknown: unknown[] }>("archive", "verify");
  assert.ok(found.files > 0, "nothing was archived");
  assert.deepEqual([found.damaged, found.unknown], [[], []]);
  assert.deepEqual(await answersOf(ward), before);

  await ward.stop();
  for (const file of filesOf())
    writeFileSync(
      join(folder, file),
      readFileSync(join(folder, file)).map((byte) => byte ^ 1),
    );
  const again = await startWard({ dataDir: ward.dataDir });
  t.after(() => again.stop());
  const after = await answersOf(again);
  // The journal of the last minutes was read again, and has all of it.
  assert.deepEqual(after, before);
  const ready = await (await fetch(`${again.url}/health/ready`)).json();
  assert.equal((ready as { checks: { archive: string } }).checks.archive, "damaged");
  await again.logged(/an archive file is damaged/);
  assert.equal((await again.cli("archive", "verify")).code, 1);
});
