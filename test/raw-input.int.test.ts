import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { systemRuntime } from "@openward/runtime/system";
import mqtt from "mqtt";
import { readConfig } from "../server/config.ts";
import { openDatabase } from "../server/store/database/index.ts";
import { quietLog } from "../server/store/database/testing/database.ts";
import { openKeysOf } from "../server/store/keys/index.ts";
import { type KeptRow, rowsBetween } from "../server/store/raw/index.ts";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/** Layout, an exponent, a name written otherwise: what a decoder drops. */
const bodyOf = (value: number) => Buffer.from(`{ "values":\t{"heart\\u002drate": ${value}.00e0} }\r\n`);

let ward: RunningWard;
let beds: Awaited<ReturnType<typeof addBeds>>;
before(async () => {
  ward = await startWard();
  beds = await addBeds(ward, 2);
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function post(bed: { deviceId: string; token: string }, body: Buffer): Promise<number> {
  const authorization = `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`;
  const response = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: new Uint8Array(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return ((await response.json()) as { accepted: number }).accepted;
}

/** Bodies by device, as a program that has the keys reads them when no server runs. */
async function keptBodies(): Promise<Map<string, string[]>> {
  const { dataDir } = ward;
  const settings = readConfig({ OPENWARD_DATA_DIR: dataDir });
  const database = await openDatabase({ dataDir, url: null, mode: "serve", runtime: systemRuntime, log: quietLog });
  try {
    const keys = await openKeysOf(database.worker, { settings, runtime: systemRuntime, log: quietLog });
    const { rows } = await database.worker.query("SELECT organisation_id::text AS id FROM organisation");
    const span = { from: Date.now() - 3_600_000, to: Date.now() + 60_000 };
    const found: KeptRow[] = [];
    for (const { id } of rows)
      for await (const row of rowsBetween(database.worker, keys, { organisationId: id, ...span })) found.push(row);
    keys.close();
    assert.deepEqual(
      found.flatMap(({ faults }) => faults),
      [],
    );
    const messages = found.flatMap((row) => row.messages);
    const byDevice = Map.groupBy(messages, ({ deviceId }) => deviceId);
    return new Map(
      [...byDevice].map(([id, all]) => [id, all.map(({ body }) => Buffer.from(body).toString("hex")).sort()]),
    );
  } finally {
    await database.close();
  }
}

test("what came over HTTP and MQTT is there byte for byte after kill -9, and gone with the patient", async () => {
  const [first, second] = beds;
  assert.ok(first && second);
  const sent: Buffer[] = [];
  for (let n = 0; n < 5; n++) {
    sent.push(bodyOf(60 + n));
    assert.equal(await post(first, sent.at(-1) as Buffer), 1);
  }
  assert.equal(await post(second, bodyOf(80)), 1);
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, {
    clientId: first.deviceId,
    username: first.deviceId,
    password: first.token,
  });
  for (let n = 0; n < 5; n++) {
    sent.push(bodyOf(90 + n));
    await client.publishAsync(`devices/${first.deviceId}/readings`, sent.at(-1) as Buffer, { qos: 1 });
  }
  await ward.stop("SIGKILL");
  client.end(true);
  const hex = (bodies: readonly Buffer[]) => bodies.map((body) => body.toString("hex")).sort();
  const kept = await keptBodies();
  assert.deepEqual(kept.get(first.deviceId), hex(sent));
  assert.deepEqual(kept.get(second.deviceId), hex([bodyOf(80)]));

  ward = await startWard({ dataDir: ward.dataDir });
  const times = [-3_600_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const run = () => ward.json<Record<string, unknown>>("reprocess", "--from", `${times[0]}`, "--to", `${times[1]}`);
  const shown = await run();
  assert.deepEqual([shown.messages, shown.same, shown.added, shown.changed, shown.missing], [11, 11, 0, 0, 0]);
  await ward.json("erase", "T-1000", "--reason", "asked for it", "--confirm", "T-1000");
  const left = await run();
  assert.deepEqual([left.messages, left.same, left.unreadable], [1, 1, 0]);
});

test("`openward reprocess` shows what an association brings that was put right, and adds it once", async () => {
  const second = beds[1];
  assert.ok(second);
  const device = await ward.json("device", "add", "late");
  const at = Date.now() - 60_000;
  const body = Buffer.from(JSON.stringify({ at, values: { spo2: 93 } }));
  assert.equal(await post({ deviceId: "late", token: device.token as string }, body), 0, "nobody wears it");
  await ward.json("device", "assign", "late", second.patientId, "--from", new Date(at - 1000).toISOString());
  const span = ["--from", new Date(at).toISOString(), "--to", new Date(Date.now() + 1000).toISOString()];
  const run = (...more: string[]) =>
    ward.json<Record<string, unknown>>("reprocess", ...span, "--device", "late", ...more);

  const shown = await run();
  assert.deepEqual([shown.messages, shown.added, shown.changed, shown.missing, shown.applied], [1, 1, 0, 0, null]);
  const lines = await ward.cli("reprocess", ...span);
  const table = lines.stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  const head = table.findIndex(([first]) => first === "device");
  assert.deepEqual(table[head]?.slice(0, 8), [
    ...["device", "patient", "signal", "unit"],
    ...["new", "otherwise", "no more", "left alone"],
  ]);
  const stamp = new Date(at).toISOString();
  assert.deepEqual(table[head + 1], ["late", "T-1001", "spo2", "%", "1", "0", "0", "0", stamp, stamp]);
  assert.match(lines.stdout, /nothing -> 93 % {2}to be added/);
  assert.match(lines.stdout, new RegExp(`--apply --confirm ${shown.code}`));
  const refused = await ward.cli("reprocess", ...span, "--apply", "--reason", "x", "--json");
  assert.deepEqual([refused.code, JSON.parse(refused.stdout).error.code], [2, "FIELD_INVALID"]);
  const apply = ["--apply", "--reason", "was assigned late", "--by", "Kim"];
  const done = await run(...apply, "--confirm", String(shown.code));
  assert.deepEqual(done.applied, { added: 1, amended: 0, resolved: 1 });
  assert.equal((await run()).added, 0);

  const api = await apiOf(ward);
  const streams = await api<{ id: string; signal: string; deviceId: string; lastAt: number }[]>(
    "GET",
    `/api/patients/${second.patientId}/streams`,
  );
  assert.equal(streams.find(({ signal }) => signal === "spo2")?.lastAt, at);
  assert.deepEqual(await api("GET", "/api/quarantine?device=late"), []);

  // A person corrects it: what today's codec says is told, and changes nothing.
  const later = at + 1000;
  const next = Buffer.from(JSON.stringify({ at: later, values: { spo2: 93 } }));
  assert.equal(await post({ deviceId: "late", token: device.token as string }, next), 1);
  span[3] = new Date(Date.now() + 1000).toISOString();
  const streamId = streams.find(({ signal }) => signal === "spo2")?.id;
  const said = { kind: "corrected", streamId, at: later, value: 96, unit: "%", seen: null, reason: "measured by hand" };
  await api("POST", `/api/patients/${second.patientId}/amendments`, said);
  const told = await run();
  assert.deepEqual([told.added, told.changed, told.missing, told.leftAlone], [0, 0, 0, 1]);
  const text = (await ward.cli("reprocess", ...span, "--device", "late")).stdout;
  assert.match(text, /96 % -> 93 % {2}amended by .+, left alone/);
  assert.match(text, /1 corrected by .+: left alone/);
  const nothing = await run(...apply, "--confirm", String(told.code));
  assert.deepEqual(nothing.applied, { added: 0, amended: 0, resolved: 0 });
  const page = await api<{ latest: { signal: string; value: number }[] }>("GET", `/api/patients/${second.patientId}`);
  assert.ok(JSON.stringify(page).includes("96"), "what the person said is read");
});

test("what a home device says as it says it is read by its patient's clock, over HTTP and MQTT", async () => {
  const api = await apiOf(ward);
  const wards = await api<{ id: string }[]>("GET", "/api/wards");
  const patient = await api<{ id: string }>("POST", "/api/patients", {
    ...{ name: "Gurung, Maya", mrn: "T-2000", birthDate: "1950-01-01", sex: "female" },
    ...{ wardId: wards[0]?.id, bed: "9", timeZone: "Asia/Kathmandu", seenSimilar: [] },
  });
  const device = { id: "home-cuff", type: "blood-pressure-cuff", display: "Cuff at home" };
  const { token } = await api<{ token: string }>("POST", "/api/devices", device);
  await api("POST", "/api/devices/home-cuff/assign", { patientId: patient.id, from: Date.now() - 86_400_000 });

  // The cuff's clock shows Kathmandu: 5 h 45 min ahead of UTC.
  const measured = Math.floor(Date.now() / 1000) * 1000 - 600_000;
  const local = new Date(measured + 345 * 60_000);
  const stamp = Buffer.alloc(7);
  stamp.writeUInt16LE(local.getUTCFullYear());
  stamp.set([local.getUTCMonth() + 1, local.getUTCDate(), local.getUTCHours()], 2);
  stamp.set([local.getUTCMinutes(), local.getUTCSeconds()], 5);
  const pressure = `02780050005d00${stamp.toString("hex")}`;
  const received = measured + 500_000;
  const values = [
    { codec: "gatt/2a35", at: received, hex: pressure },
    { codec: "gatt/2a35", at: received, hex: "00" },
    { codec: "gatt/2a24", at: received, hex: Buffer.from("FT-45").toString("hex") },
    { codec: "gatt/2a37", at: received, hex: "004801" },
  ];
  const headers = { authorization: `Basic ${Buffer.from(`home-cuff:${token}`).toString("base64")}` };
  const response = await fetch(`${ward.url}/ingest/devices/home-cuff/raw/capture`, {
    method: "POST",
    headers,
    body: JSON.stringify(values),
  });
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { accepted: number; quarantined: unknown[]; ignored: unknown[] };
  assert.equal(answer.accepted, 5, JSON.stringify(answer));
  assert.deepEqual(answer.ignored, [{ index: 3, offset: 2, what: "1 bytes behind the last field" }]);
  const expected = "2 bytes, 0 are there (gatt/2a35, byte 1)";
  assert.deepEqual(answer.quarantined, [{ index: 1, code: "MALFORMED_BYTES", field: "systolic", expected }]);

  const cuff = { username: "home-cuff", password: token, clientId: "home-cuff" };
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, cuff);
  try {
    await client.publishAsync("devices/home-cuff/raw/gatt/2a19", Buffer.of(51), { qos: 1 });
  } finally {
    client.end(true);
  }
  const streams = await api<{ signal: string; lastAt: number }[]>("GET", `/api/patients/${patient.id}/streams`);
  const lastAt = Object.fromEntries(streams.map((stream) => [stream.signal, stream.lastAt]));
  assert.deepEqual([lastAt["nibp-systolic"], lastAt["heart-rate"]], [measured, received]);
  const devices = await api<{ id: string; battery: number | null }[]>("GET", "/api/devices");
  assert.equal(devices.find(({ id }) => id === "home-cuff")?.battery, 51);
  const fhir = await fhirOf(ward);
  type Tagged = { entry: { resource: { meta: { tag: { code: string }[] } } }[] };
  const tagsOf = async (code: string) => {
    const { entry } = await fhir<Tagged>(`Observation?patient=${patient.id}&code=${code}`);
    return entry.flatMap(({ resource }) => resource.meta.tag.map((tag) => tag.code));
  };
  assert.ok((await tagsOf("85354-9")).includes("zone-assumed"));
  assert.ok((await tagsOf("8867-4")).includes("time-from-gateway"));
  const metrics = await (await fetch(`${ward.url}/metrics`)).text();
  assert.match(metrics, /^openward_raw_ignored_total 1$/m);

  const span = ["--from", new Date(measured).toISOString(), "--to", new Date(Date.now() + 1000).toISOString()];
  const again = await ward.json<Record<string, unknown>>("reprocess", ...span, "--device", "home-cuff");
  assert.deepEqual([again.added, again.changed, again.missing], [0, 0, 0]);
});

interface Stream {
  readonly id: string;
  readonly signal: string;
  readonly deviceId: string;
}

interface Kept {
  readonly streams: readonly { readonly pieces: readonly { readonly values: readonly number[] }[] }[];
}

test("a file that is brought in twice, once in its archive's gzip, is there once", async () => {
  const second = beds[1];
  assert.ok(second);
  const api = await apiOf(ward);
  const device = { id: "telephone", type: "bedside-monitor", display: "telephone of a patient" };
  const { token } = await api<{ token: string }>("POST", "/api/devices", device);
  const since = { patientId: second.patientId, from: Date.UTC(2026, 2, 1) };
  await api("POST", "/api/devices/telephone/assign", since);
  const record = (i: number) =>
    `<Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" endDate="2026-03-14 10:${String(i).padStart(2, "0")}:00 +0100" value="${60 + i}"/>`;
  const early = record(0).replace("2026-03", "2026-02");
  const sleep = `<Record type="HKCategoryTypeIdentifierSleepAnalysis" startDate="2026-03-14 01:00:00 +0100" endDate="2026-03-14 01:30:00 +0100" value="HKCategoryValueSleepAnalysisAsleepDeep"/>`;
  const document = `<HealthData>${early}${Array.from({ length: 60 }, (_, i) => record(i)).join("\n")}${sleep}<Me/></HealthData>`;
  const path = join(ward.dataDir, "export.xml");
  writeFileSync(path, document);
  writeFileSync(`${path}.gz`, gzipSync(document));
  const bringIn = (file: string) =>
    ward.json<Record<string, unknown>>("import", file, "--device", "telephone", "--token", token);
  for (const file of [path, `${path}.gz`]) {
    const { accepted, problems, isWhole } = await bringIn(file);
    assert.deepEqual([accepted, isWhole], [61, true]);
    assert.match(Object.keys(problems as object).join(), /^NO_ASSOCIATION/);
    const streams: Stream[] = await api<Stream[]>("GET", `/api/patients/${second.patientId}/streams`);
    const streamId: string | undefined = streams.find(
      ({ deviceId, signal }) => deviceId === "telephone" && signal === "pulse-rate",
    )?.id;
    const span = `from=${Date.UTC(2026, 2, 14)}&to=${Date.UTC(2026, 2, 15)}`;
    const kept: Kept = await api<Kept>("GET", `/api/streams/readings?stream=${streamId}&${span}`);
    const values: number[] = kept.streams.flatMap(({ pieces }) => pieces.flatMap((piece) => piece.values));
    assert.deepEqual(
      values,
      Array.from({ length: 60 }, (_, i) => 60 + i),
    );
    const waiting = await api<unknown[]>("GET", "/api/quarantine?device=telephone");
    assert.equal(waiting.length, 1, "what was before the patient had the telephone, once");
  }
});

test("a database of Health Connect and a recording of WFDB come in by the command, and again they are there once", async () => {
  const second = beds[1];
  assert.ok(second);
  const api = await apiOf(ward);
  const device = { id: "watch", type: "generic", display: "watch of a patient" };
  const { token } = await api<{ token: string }>("POST", "/api/devices", device);
  await api("POST", "/api/devices/watch/assign", { patientId: second.patientId, from: Date.UTC(2026, 2, 1) });
  const began = Date.UTC(2026, 2, 14, 9);
  const database = new DatabaseSync(join(ward.dataDir, "health_connect_export.db"));
  database.exec(`CREATE TABLE oxygen_saturation_record_table (row_id INTEGER PRIMARY KEY, time INTEGER, zone_offset INTEGER, percentage REAL);
    WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 99)
    INSERT INTO oxygen_saturation_record_table SELECT i, ${began} + i * 60000, 3600, 95 + i % 5 FROM n`);
  database.close();
  const samples = Int16Array.from({ length: 2_500 }, (_, i) => (i % 400) - 200);
  writeFileSync(
    join(ward.dataDir, "night.hea"),
    "night 1 250 2500\nnight.dat 16 1000(0)/mV 16 0 II\n".replace(" 0 II", " 0 -200 -16250 0 II"),
  );
  writeFileSync(join(ward.dataDir, "night.dat"), Buffer.from(samples.buffer));
  const bringIn = (file: string, ...more: string[]) =>
    ward.json<Record<string, unknown>>(
      "import",
      join(ward.dataDir, file),
      "--device",
      "watch",
      "--token",
      token,
      ...more,
    );
  for (const _ of ["once", "again"]) {
    const rows = await bringIn("health_connect_export.db");
    assert.deepEqual([rows.accepted, rows.problems, rows.isWhole], [100, {}, true]);
    const wave = await bringIn("night.hea", "--start", "2026-03-14T09:00:00Z");
    assert.deepEqual([wave.problems, wave.isWhole], [{}, true]);
  }
  const streams = await api<Stream[]>("GET", `/api/patients/${second.patientId}/streams`);
  const idOf = (signal: string) =>
    streams.find(({ deviceId, signal: key }) => deviceId === "watch" && key === signal)?.id;
  const span = `from=${began}&to=${began + 86_400_000}`;
  const kept = await api<Kept>("GET", `/api/streams/readings?stream=${idOf("spo2")}&${span}`);
  const values = kept.streams.flatMap(({ pieces }) => pieces.flatMap((piece) => piece.values));
  assert.deepEqual(
    values,
    Array.from({ length: 100 }, (_, i) => 95 + (i % 5)),
  );
  const pieces = await api<{ entry?: { resource: { valueSampledData: { data: string } } }[] }>(
    "GET",
    `/fhir/Observation?device=DeviceMetric/${idOf("ecg-lead-ii")}&_sort=date`,
  );
  const told = (pieces.entry ?? []).flatMap(({ resource }) => resource.valueSampledData.data.split(" ").map(Number));
  assert.deepEqual(told, [...samples]);
});

test("without a server the command says that it needs one", async () => {
  await ward.stop();
  const span = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T00:00:00Z"];
  const { code, stdout } = await ward.cli("reprocess", ...span, "--json");
  assert.deepEqual([code, JSON.parse(stdout).error.code], [1, "SERVER_UNREACHABLE"]);
});
