import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { archiveHour } from "./support/archive-campaign.ts";
import { archiveRecordings } from "./support/archive-recordings.ts";
import { addBeds, removeDataDir, root, startWard } from "./support/ward.ts";

const DATA = join(root, "../shared/data/ecg");
const skip = existsSync(join(DATA, "mitdb")) ? false : "the recordings of ../shared/data are not on this machine";

test("an hour of 100,000 readings read back after archiving has the hash of what was sent", async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
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
    const asked = ["export", "--parquet", folder, "--purpose", "a check", "--patient", bed.patientId];
    const manifest = await ward.json<{ files: { rows: number }[]; isIdentified: boolean }>(
      ...asked,
      "--until",
      "2999-12-31",
    );
    assert.deepEqual(
      manifest.files.map((file) => file.rows),
      [50],
    );
    assert.equal(manifest.isIdentified, false);
    const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
    const sql = `SELECT sum(value)::double AS sum FROM read_parquet('${folder}/*.parquet')`;
    const [row] = (await duckdb.runAndReadAll(sql)).getRowObjects();
    duckdb.closeSync();
    assert.equal(row?.sum, 50 * 60 + (49 * 50) / 2);
    assert.deepEqual(await ward.json("archive", "verify"), { files: 0, bytes: 0, damaged: [], unknown: [] });
    assert.deepEqual(await ward.json("export", "--expire"), { expired: [] });
    assert.ok(readdirSync(folder).includes("manifest.json"));
    for (const [args, code] of [
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
