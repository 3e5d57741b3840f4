import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { addBeds, type RunningWard, removeDataDir, runCli, startWard } from "./support/ward.ts";

let ward: RunningWard;
let folder = "";
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "openward-cli-"));
  ward = await startWard();
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
  removeDataDir(folder);
});

const elsewhere = () => ({ ...process.env, OPENWARD_DATA_DIR: join(folder, "nothing"), OPENWARD_MQTT_PORT: "0" });

test("doctor looks at a data directory that is not there, and makes none", async () => {
  const { code, stdout } = await runCli(["doctor", "--json"], { ...elsewhere(), OPENWARD_HTTP_PORT: "0" });
  assert.equal(code, 0, stdout);
  assert.ok(JSON.parse(stdout).findings.some((finding: { detail: string }) => /not there yet/.test(finding.detail)));
  assert.ok(!existsSync(join(folder, "nothing")));
});

test("a port that is taken is said before anything is made", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const { code, stdout } = await runCli(["serve", "--json"], { ...elsewhere(), OPENWARD_HTTP_PORT: String(port) });
  other.close();
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "PORT_TAKEN");
  assert.ok(!existsSync(join(folder, "nothing")));
});

test("wrong usage is one JSON object too, where JSON was asked for", async () => {
  for (const args of [
    ["patient", "add", "--json"],
    ["frobnicate", "--json"],
  ]) {
    const { code, stdout } = await ward.cli(...args);
    assert.equal(code, 2);
    assert.equal(JSON.parse(stdout).error.code, "USAGE");
  }
});

test("people are added, changed, related and let in no more from the command line", async () => {
  const added = await ward.json("person", "add", "--name", "Ola Berg", "--role", "patient");
  assert.match(added.link ?? "", /\/sign-in#token=[A-Za-z0-9_-]{43}$/);
  const id = added.id as string;
  const { id: patient } = await ward.json("patient", "add", "--name", "Berg, Ola", "--mrn", "CLI-1", "--bed", "99");
  const related = ["person", "relate", id, "--patient", patient as string, "--relation", "self", "--reason", "card"];
  assert.ok((await ward.json(...related)).id);
  const { code, stdout } = await ward.cli(...related, "--json");
  assert.deepEqual([code, JSON.parse(stdout).error.code], [1, "CONFLICT"]);
  assert.equal((await ward.cli("person", "role", id, "surgeon", "--json")).code, 2);
  const { id: leaver } = await ward.json("person", "add", "--name", "Nina", "--role", "nurse");
  assert.equal((await ward.json("person", "role", leaver as string, "physician")).role, "physician");
  assert.ok((await ward.json("person", "disable", leaver as string)).disabledAt);
  const { people } = await ward.json<{ people: { id: string; role: string }[] }>("person", "list");
  assert.equal(people.find((one) => one.id === leaver)?.role, "physician");
});

test("a replay of the past that nobody wore is told with its cure, and the cure works", async () => {
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  const file = join(folder, "hour.csv");
  const rows = Array.from({ length: 20 }, (_, second) => `${second},${60 + second}`);
  writeFileSync(file, `Time [s],HR\n${rows.join("\n")}\n`);
  const { id, token } = await ward.json("device", "add", "recorder", "--type", "bedside-monitor");
  const start = new Date(Date.now() - 7 * 86_400_000).toISOString();
  const replay = () =>
    ward.cli("replay", file, "--device", `${id}`, "--token", `${token}`, "--speed", "max", "--start", start, "--json");

  const refused = await replay();
  assert.equal(refused.code, 1);
  const report = JSON.parse(refused.stdout);
  assert.equal(report.acknowledged, 0);
  assert.equal(report.quarantineReasons.length, 1, "each reason once");
  assert.equal(report.quarantineReasons[0].messages, report.messages);
  assert.match(refused.stderr, /device assign recorder PATIENT --from/);

  const assigned = await ward.json<{ from: number }>("device", "assign", "recorder", bed.patientId, "--from", start);
  assert.equal(assigned.from, Date.parse(start));
  const done = await replay();
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.equal(JSON.parse(done.stdout).acknowledged, report.messages);
});

test("a time without its offset is refused: it could be anybody's", async () => {
  const { code, stdout } = await ward.cli("device", "assign", "x", "y", "--from", "2026-11-01 06:00", "--json");
  assert.equal(code, 2);
  assert.match(stdout, /--from/);
});
