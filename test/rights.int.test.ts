import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Observation } from "@medplum/fhirtypes";
import { fromBufferPromise } from "yauzl";
import { signInAs } from "./support/people.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const DAY_MS = 86_400_000;
let ward: RunningWard;
let admin: Api;
let beds: Awaited<ReturnType<typeof addBeds>>;
let self: { id: string; cookie: string };
let stranger: { id: string; cookie: string };

before(async () => {
  ward = await startWard({ env: { OPENWARD_ARCHIVE_NUMERIC_DAYS: "1", OPENWARD_TEST_HOUSEKEEPING_MS: "200" } });
  admin = await apiOf(ward);
  beds = await addBeds(ward, 2);
  self = await signInAs(ward, admin, "Kari Abara", "patient");
  stranger = await signInAs(ward, admin, "Ola Bellini", "patient");
  for (const [i, person] of [self, stranger].entries()) await relate(i, person.id, "self", "asked at the desk");
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const relate = (bed: number, personId: string, relation: string, reason: string) =>
  admin<{ id: string }>("POST", `/api/patients/${beds[bed]?.patientId}/relations`, { personId, relation, reason });

async function send(bed: number, kind: "readings" | "waveform", body: unknown): Promise<void> {
  const { deviceId, token } = beds[bed] ?? {};
  const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/${kind}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  const { quarantined } = (await answer.json()) as { quarantined: unknown[] };
  assert.deepEqual([answer.status, quarantined], [200, []]);
}

const exportPath = (bed: number) => `/api/me/patients/${beds[bed]?.patientId}/export`;
const ask = (path: string, cookie: string) => fetch(`${ward.url}${path}`, { headers: { cookie } });

/** The files of an archive, each compared with what the manifest says of it. */
async function filesOf(archive: Buffer): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(archive);
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part as Buffer);
    files.set(entry.fileName, Buffer.concat(parts).toString());
  }
  const { files: told } = JSON.parse(files.get("manifest.json") ?? "") as {
    files: { name: string; records: number; sha256: string }[];
  };
  assert.deepEqual(
    told.map(({ name }) => name),
    [...files.keys()].filter((name) => name !== "manifest.json"),
  );
  for (const { name, records, sha256 } of told) {
    const text = files.get(name) ?? "";
    assert.equal(createHash("sha256").update(text).digest("hex"), sha256, name);
    if (name.endsWith(".ndjson")) assert.equal(linesOf(text).length, records, name);
  }
  return files;
}

const linesOf = (text = "") => text.split("\n").filter(Boolean);
// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
const recordsOf = <T = any>(files: Map<string, string>, name: string): T[] =>
  linesOf(files.get(name)).map((line) => JSON.parse(line) as T);

async function until<T>(what: string, find: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = performance.now() + 120_000; performance.now() < end; await wait(50)) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`waited two minutes for: ${what}`);
}

test("an export has every reading that went in, from archive, blocks and memory, and nobody else's", async () => {
  const now = Date.now();
  const sent = new Map<string, number>();
  const values = (from: number, count: number, offset: number) =>
    Array.from({ length: count }, (_, n) => {
      const [at, rate] = [from + n * 1_000, offset + n / 8];
      sent.set(`8867-4 ${at}`, rate);
      return { at, values: { "heart-rate": rate } };
    });
  // A stream's newest day stays where it is: what is to move comes first and is not the newest.
  await send(0, "readings", values(now - 5 * DAY_MS, 700, 50));
  await send(0, "readings", values(now - DAY_MS / 2, 500, 60));
  await send(0, "readings", values(now - 60_000, 50, 70));
  await send(0, "readings", {
    at: now - 30_000,
    values: { "nibp-systolic": 121, "nibp-diastolic": 79 },
  });
  const samples = Array.from({ length: 6_000 }, (_, n) => (n * 7) % 500);
  await send(0, "waveform", {
    signal: "ecg-lead-ii",
    start: now - 40_000,
    rate: 250,
    unit: "mV",
    scale: 0.005,
    origin: 0,
    samples,
  });
  await send(1, "readings", { at: now - 1_000, values: { "heart-rate": 199 } });
  await until("five days ago to be in the archive", async () => {
    const { files } = await ward.json<{ files: number }>("archive", "verify");
    return files > 0;
  });

  const answer = await ask(exportPath(0), self.cookie);
  assert.equal(answer.status, 200);
  assert.match(
    answer.headers.get("content-disposition") ?? "",
    /^attachment; filename="openward-[0-9a-f-]{36}-\d{4}-\d\d-\d\d\.zip"$/,
  );
  const files = await filesOf(Buffer.from(await answer.arrayBuffer()));
  const observations = recordsOf<Observation>(files, "fhir/Observation.ndjson");
  const got = new Map(
    observations.flatMap((one) =>
      one.valueQuantity
        ? [
            [
              `${one.code.coding?.find(({ system }) => system === "http://loinc.org")?.code} ${Date.parse(one.effectiveDateTime ?? "")}`,
              one.valueQuantity.value,
            ] as const,
          ]
        : [],
    ),
  );
  assert.deepEqual(new Map([...got].sort()), new Map([...sent].sort()));
  assert.deepEqual(
    observations.flatMap(({ component = [] }) => component.map(({ valueQuantity }) => valueQuantity?.value)),
    [121, 79],
  );
  const pieces = observations.flatMap(
    ({ valueSampledData: data }) =>
      data?.data
        ?.split(" ")
        .filter((one) => one !== "E")
        .map(Number) ?? [],
  );
  assert.deepEqual(pieces, samples);
  const [patient] = beds;
  const other = beds[1]?.patientId ?? "";
  assert.equal(recordsOf(files, "fhir/Patient.ndjson")[0].id, patient?.patientId);
  assert.ok(recordsOf(files, "fhir/Device.ndjson").some(({ identifier }) => identifier[0].value === patient?.deviceId));
  assert.ok(recordsOf(files, "records/patient_relation.ndjson").some(({ relation }) => relation === "self"));
  assert.ok(recordsOf(files, "fhir/AuditEvent.ndjson").length > 0);
  for (const [name, text] of files) assert.ok(!text.includes(other), `${name} tells of another patient`);
  for (const secret of ["token_hash", "\\\\x"])
    for (const [name, text] of files) assert.ok(!text.includes(secret), `${name} has ${secret}`);
});

test("nobody else gets an export: not another patient, family, or staff; a guardian does, until the guardianship ends", async () => {
  assert.equal((await ask(exportPath(0), stranger.cookie)).status, 404);
  const family = await signInAs(ward, admin, "Siv Abara", "family");
  const { id } = await relate(0, family.id, "family", "sister");
  assert.equal((await ask(exportPath(0), family.cookie)).status, 404);
  await admin("POST", `/api/patients/${beds[0]?.patientId}/relations/${id}/end`);
  const guardianship = await relate(0, family.id, "guardian", "court order");
  const given = await ask(exportPath(0), family.cookie);
  assert.equal(given.status, 200);
  await filesOf(Buffer.from(await given.arrayBuffer()));
  await admin("POST", `/api/patients/${beds[0]?.patientId}/relations/${guardianship.id}/end`);
  assert.equal((await ask(exportPath(0), family.cookie)).status, 404);
  await assert.rejects(admin("GET", exportPath(0)), /403/);
});

test("the command line writes an archive on somebody's request, and leaves nothing half written and no token", async () => {
  const folder = join(ward.dataDir, "exports");
  const args = ["patient", "export", "T-1000", "--to", folder];
  assert.equal((await ward.cli(...args)).code, 2, "a reason is needed");
  const { id, file, bytes } = await ward.json<{ id: string; file: string; bytes: number }>(
    ...args,
    "--reason",
    "letter of 3 May",
  );
  const archive = readFileSync(file);
  assert.deepEqual([id, bytes], [beds[0]?.patientId, archive.length]);
  const files = await filesOf(archive);
  assert.equal(JSON.parse(files.get("manifest.json") ?? "").reason, "letter of 3 May");
  assert.equal(readdirSync(folder).length, 1);
  const officer = await apiOf(ward, "privacy-officer");
  const disclosures = await officer<{ via: string }[]>("GET", `/api/rights/patients/${id}/disclosures`);
  assert.ok(disclosures.some(({ via }) => via === "POST /api/rights/patients/:id/export"));
  assert.ok(disclosures.some(({ via }) => via === "GET /api/me/patients/:id/export"));
  const events = await until("the ends of the exports in the log", async () => {
    const all = await admin<{ code: string }[]>("GET", `/api/audit?patient=${id}&limit=1000`);
    const codes = all.map(({ code }) => code);
    return codes.filter((code) => code === "patient.exported").length >= 2 && codes;
  });
  assert.equal(events.filter((code) => code === "patient.export-cut").length, 0);
});

test("a privacy officer holds a patient: an erasure is refused until the hold ends", async () => {
  const officer = await apiOf(ward, "privacy-officer");
  const held = await officer<{ id: string; patientId: string }>("POST", "/api/rights/holds", {
    patient: "T-1001",
    reason: "case 12/2026",
  });
  assert.equal(held.patientId, beds[1]?.patientId);
  const args = ["erase", "T-1001", "--reason", "asked for it", "--confirm", "T-1001", "--json"];
  const refused = await ward.cli(...args);
  assert.deepEqual([refused.code, JSON.parse(refused.stdout).error.code], [1, "LEGAL_HOLD"]);
  assert.equal((await ask("/api/me", stranger.cookie)).status, 200);
  await assert.rejects(
    apiOf(ward, "nurse").then((nurse) => nurse("GET", "/api/rights/holds")),
    /403/,
  );
  const { holds } = await ward.json<{ holds: { id: string; reason: string }[] }>("hold", "list");
  assert.deepEqual(
    holds.map(({ id, reason }) => [id, reason]),
    [[held.id, "case 12/2026"]],
  );
  const affected = await officer<{ patientId: string }[]>(
    "GET",
    `/api/rights/breach?by=${self.id}&from=0&to=${Date.now()}`,
  );
  assert.deepEqual(
    affected.map(({ patientId }) => patientId),
    [beds[0]?.patientId],
  );
  await officer("POST", `/api/rights/holds/${held.id}/end`, { reason: "closed" });
  assert.deepEqual(await officer("GET", "/api/rights/holds"), []);
});
