import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, connect as tcp } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import mqtt, { type MqttClient } from "mqtt";
import { connectPacket } from "../bench/load/publisher.ts";
import {
  type Api,
  addBeds,
  apiOf,
  fhirOf,
  type RunningWard,
  removeDataDir,
  runCli,
  startWard,
  temporaryDataDir,
} from "./support/ward.ts";

let ward: RunningWard;
let api: Api;
let bed: { patientId: string; deviceId: string; token: string };
let other: { patientId: string; deviceId: string; token: string };

before(async () => {
  ward = await startWard();
  api = await apiOf(ward);
  [bed, other] = (await addBeds(ward, 2)) as [typeof bed, typeof other];
});

after(async () => {
  // Whatever came in, the ward still takes and shows a good reading.
  const answer = await post(`/ingest/devices/${bed.deviceId}/readings`, '{"values":{"heart-rate":71}}');
  assert.deepEqual([answer.status, answer.body.accepted], [200, 1]);
  const streams = await api<{ signal: string; latest: { value: number } }[]>(
    "GET",
    `/api/patients/${bed.patientId}/streams`,
  );
  assert.equal(streams.find((s) => s.signal === "heart-rate")?.latest.value, 71);
  await ward.stop();
  removeDataDir(ward.dataDir);
});

interface Answer {
  status: number;
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are looked into here
  body: any;
}

async function post(
  path: string,
  body: string | Uint8Array,
  options: { type?: string; as?: typeof bed; token?: string } = {},
): Promise<Answer> {
  const { deviceId, token } = options.as ?? bed;
  const response = await fetch(`${ward.url}${path}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${options.token ?? token}`).toString("base64")}`,
      "content-type": options.type ?? "application/json",
    },
    body,
  });
  return { status: response.status, type: response.headers.get("content-type") ?? "", body: await response.json() };
}

const refusedByHttp = [
  { name: "malformed JSON", body: '{"values":', status: 400, code: "MALFORMED_JSON" },
  {
    name: "malformed CBOR",
    body: Uint8Array.of(0xbf, 0x61),
    type: "application/cbor",
    status: 400,
    code: "MALFORMED_CBOR",
  },
  { name: "an unknown content type", body: "x", type: "text/plain", status: 415, code: "CONTENT_TYPE_UNKNOWN" },
  { name: "a wrong token", body: '{"values":{"heart-rate":70}}', token: "wrong", status: 401, code: "DEVICE_SIGN_IN" },
  { name: "17 MB", body: `[${" ".repeat(17_000_000)}]`, status: 413, code: "BODY_TOO_LARGE" },
];
for (const { name, status, code, ...given } of refusedByHttp) {
  test(`HTTP: ${name} gets ${status} problem details with ${code}`, async () => {
    const answer = await post(`/ingest/devices/${bed.deviceId}/readings`, given.body, given);
    assert.equal(answer.status, status);
    assert.match(answer.type, /application\/problem\+json/);
    assert.equal(answer.body.code, code);
    assert.equal(answer.body.status, status);
    assert.ok(answer.body.detail.length > 10);
  });
}

test("HTTP: another device's address is refused", async () => {
  const answer = await post(`/ingest/devices/${other.deviceId}/readings`, '{"values":{"heart-rate":70}}');
  assert.equal(answer.status, 403);
  assert.match(answer.type, /problem/);
});

const quarantined = [
  { name: "an unknown signal", item: { values: { "hart-rate": 70 } }, code: "SIGNAL_UNKNOWN", field: /hart-rate/ },
  {
    name: "a wrong unit",
    item: { values: { "heart-rate": { value: 70, unit: "Cel" } } },
    code: "UNIT_MISMATCH",
    field: /heart-rate/,
  },
  {
    name: "a unit that is none",
    item: { values: { "heart-rate": { value: 70, unit: "bpm" } } },
    code: "UNIT_UNKNOWN",
    field: /heart-rate/,
  },
  { name: "no number", item: { values: { spo2: null } }, code: "VALUE_NOT_A_NUMBER", field: /spo2/ },
  { name: "an absurd value", item: { values: { "heart-rate": 9000 } }, code: "VALUE_IMPLAUSIBLE", field: /heart-rate/ },
  { name: "the year 1970", item: { at: 12_345, values: { spo2: 97 } }, code: "TIME_IMPOSSIBLE", field: /at/ },
  {
    name: "the year 2090",
    item: { at: "2090-01-01T00:00:00Z", values: { spo2: 97 } },
    code: "TIME_IN_FUTURE",
    field: /at/,
  },
  { name: "a time that is none", item: { at: "yesterday", values: { spo2: 97 } }, code: "TIME_MALFORMED", field: /at/ },
];
for (const { name, item, code, field } of quarantined) {
  test(`${name} is quarantined as ${code}, names its field, and does not stop the good reading beside it`, async () => {
    const body = JSON.stringify([{ values: { "respiratory-rate": 14 } }, item]);
    const answer = await post(`/ingest/devices/${bed.deviceId}/readings`, body);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.accepted, 1);
    assert.equal(answer.body.quarantined.length, 1);
    const [problem] = answer.body.quarantined;
    assert.equal(problem.index, 1);
    assert.equal(problem.code, code);
    assert.match(problem.field, field);
    const list = await api<{ id: string; deviceId: string; problems: { code: string }[] }[]>("GET", "/api/quarantine");
    const entry = list.find((e) => e.problems.some((p) => p.code === code));
    assert.ok(entry, "it stands in the quarantine list");
    const raw = await api<{ text: string }>("GET", `/api/quarantine/${entry.id}`);
    assert.equal(raw.text, body, "with its bytes as they came");
  });
}

test("NaN in CBOR is quarantined", async () => {
  const nan = Uint8Array.of(0xa1, 0x66, ...Buffer.from("values"), 0xa1, 0x64, ...Buffer.from("spo2"), 0xf9, 0x7e, 0x00);
  const answer = await post(`/ingest/devices/${bed.deviceId}/readings`, nan, { type: "application/cbor" });
  assert.deepEqual(
    [answer.status, answer.body.accepted, answer.body.quarantined[0]?.code],
    [200, 0, "VALUE_NOT_A_NUMBER"],
  );
});

test("a quarantined reading is given to a patient by a person", async () => {
  const body = '{"at":12345,"values":{"body-temperature":37.5}}';
  await post(`/ingest/devices/${bed.deviceId}/readings`, body);
  const list = await api<{ id: string; problems: { field: string }[] }[]>("GET", "/api/quarantine");
  let id: string | undefined;
  for (const entry of list) {
    const raw = await api<{ text: string | null }>("GET", `/api/quarantine/${entry.id}`);
    if (raw.text === body) id = entry.id;
  }
  assert.ok(id);
  const claimed = await api<{ accepted: number }>("POST", `/api/quarantine/${id}/claim`, {
    patientId: bed.patientId,
    useReceivedTime: true,
  });
  assert.equal(claimed.accepted, 1);
  const streams = await api<{ signal: string; latest: { value: number; quality: number } }[]>(
    "GET",
    `/api/patients/${bed.patientId}/streams`,
  );
  assert.equal(streams.find((s) => s.signal === "body-temperature")?.latest.value, 37.5);
  await assert.rejects(api("POST", `/api/quarantine/${id}/claim`, { patientId: bed.patientId }), /409/);
});

function mqttClient(as: typeof bed, options: object = {}): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, {
    username: as.deviceId,
    password: as.token,
    clientId: as.deviceId,
    reconnectPeriod: 0,
    protocolVersion: 5,
    ...options,
  });
}

test("MQTT 5: malformed and wholly quarantined bodies get reason 0x99 with a reason string, and are kept", async () => {
  const client = await mqttClient(bed);
  for (const body of ["{", '{"values":{"nonsense":1}}']) {
    const answer = await new Promise<{ reasonCode?: number; properties?: { reasonString?: string } }>((resolve) => {
      client.publish(`devices/${bed.deviceId}/readings`, body, { qos: 1 }, (error, packet) => {
        resolve((error ?? packet) as never);
      });
      client.once("packetreceive", (packet) => packet.cmd === "puback" && resolve(packet as never));
    });
    assert.equal(answer.reasonCode ?? (answer as unknown as { code: number }).code, 0x99);
  }
  await client.endAsync();
  const list = await api<{ problems: { code: string }[] }[]>("GET", "/api/quarantine");
  const codes = list.flatMap((entry) => entry.problems.map((p) => p.code));
  assert.ok(codes.includes("MALFORMED_JSON"));
});

test("MQTT: a wrong token is refused at CONNECT", async () => {
  await assert.rejects(mqttClient({ ...bed, token: "wrong" }), /authori[sz]ed|credentials|password/i);
});

test("MQTT: another device's topic is refused, to publish, to subscribe and for a will", async () => {
  const client = await mqttClient(bed);
  await assert.rejects(
    client.publishAsync(`devices/${other.deviceId}/readings`, '{"values":{"spo2":50}}', { qos: 1 }),
    /authori[sz]ed/i,
  );
  const grants = await client.subscribeAsync(`devices/${other.deviceId}/#`).catch((error: Error) => error);
  assert.ok(grants instanceof Error || grants.every((grant) => Number(grant.qos) >= 128));
  await client.endAsync(true);
  await assert.rejects(
    mqttClient(
      { ...bed },
      {
        clientId: "will",
        will: { topic: `devices/${other.deviceId}/status`, payload: Buffer.from("{}"), qos: 0, retain: false },
      },
    ),
  );
  const streams = await api<{ signal: string }[]>("GET", `/api/patients/${other.patientId}/streams`);
  assert.equal(
    streams.some((s) => s.signal === "spo2"),
    false,
  );
});

const hostileBytes = [
  { name: "256 MB declared before sign-in", bytes: () => Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]) },
  {
    name: "the bytes that crash another parser",
    bytes: () => Buffer.from("101000044d5154540502003c0321001400006202d301e0020020", "hex"),
  },
  {
    name: "a topic of 100,000 levels after sign-in",
    bytes: () => {
      const topic = Buffer.from("a/".repeat(30_000));
      const length = 2 + topic.length + 2;
      const head = Buffer.from([
        0x32,
        (length & 0x7f) | 0x80,
        ((length >> 7) & 0x7f) | 0x80,
        length >> 14,
        topic.length >> 8,
        topic.length & 0xff,
      ]);
      return Buffer.concat([connectPacket(bed.deviceId, bed.token), head, topic, Buffer.from([0, 1])]);
    },
  },
];
for (const { name, bytes } of hostileBytes) {
  test(`MQTT: ${name} ends that connection and nothing else`, async () => {
    const socket = tcp(ward.mqttPort, "127.0.0.1");
    socket.write(bytes());
    socket.resume();
    const outcome = await new Promise<string>((resolve) => {
      socket.on("close", () => resolve("closed"));
      socket.on("error", () => resolve("closed"));
      setTimeout(() => resolve("still open"), 60_000).unref();
    });
    socket.destroy();
    assert.equal(outcome, "closed");
  });
}

test("FHIR: a wrong parameter gets an OperationOutcome that names it", async () => {
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  const response = await fetch(`${ward.url}/fhir/Observation?patient=${bed.patientId}&date=gexx`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 400);
  const outcome = (await response.json()) as {
    resourceType: string;
    issue: { expression?: string[]; diagnostics?: string }[];
  };
  assert.equal(outcome.resourceType, "OperationOutcome");
  assert.match(JSON.stringify(outcome.issue), /date/);
  const fhir = await fhirOf(ward);
  assert.ok(await fhir("metadata"));
});

test("a taken port is named with the setting that changes it", async () => {
  const dataDir = temporaryDataDir();
  const blocker = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => blocker.once("listening", resolve));
  const port = String((blocker.address() as { port: number }).port);
  const { code, stdout } = await runCli(["serve", "--json"], {
    ...process.env,
    OPENWARD_DATA_DIR: dataDir,
    OPENWARD_HTTP_PORT: port,
    OPENWARD_MQTT_PORT: "0",
  });
  blocker.close();
  removeDataDir(dataDir);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "PORT_TAKEN");
  assert.match(stdout, new RegExp(`OPENWARD_HTTP_PORT.*${port}|${port}.*OPENWARD_HTTP_PORT`));
});

test("a data directory that cannot be written is named with its setting", async () => {
  const folder = temporaryDataDir();
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const { code, stdout } = await runCli(["serve", "--json"], {
    ...process.env,
    OPENWARD_DATA_DIR: join(file, "data"),
    OPENWARD_HTTP_PORT: "0",
    OPENWARD_MQTT_PORT: "0",
  });
  removeDataDir(folder);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "DATA_DIR_UNWRITABLE");
  assert.match(stdout, /OPENWARD_DATA_DIR/);
});

test("an unknown OPENWARD_ name is refused", async () => {
  const { code, stdout } = await runCli(["serve", "--json"], { ...process.env, OPENWARD_HTPP_PORT: "1" });
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "CONFIG_UNKNOWN");
  assert.match(stdout, /OPENWARD_HTPP_PORT/);
});

test("a second Openward on the same data directory is refused", async () => {
  const { code, stdout } = await runCli(["serve", "--json"], {
    ...process.env,
    OPENWARD_DATA_DIR: ward.dataDir,
    OPENWARD_HTTP_PORT: "0",
    OPENWARD_MQTT_PORT: "0",
  });
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "DATA_DIR_IN_USE");
});

test("a truncated WFDB file is refused with what was expected and found", async () => {
  const folder = temporaryDataDir();
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "short.hea"), "short 1 360 1000\nshort.dat 16 200 11 0 0 0 0 MLII\n");
  writeFileSync(join(folder, "short.dat"), Buffer.alloc(100));
  const { code, stdout } = await ward.cli(
    "replay",
    join(folder, "short.hea"),
    "--device",
    bed.deviceId,
    "--token",
    bed.token,
    "--speed",
    "max",
    "--json",
  );
  removeDataDir(folder);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, "FILE_TRUNCATED");
  assert.match(stdout, /short\.dat/);
});

test("the command line warns of similar names and taken beds, and goes on when told so", async () => {
  const add = (name: string, mrn: string, ...more: string[]) =>
    ward.cli("patient", "add", "--name", name, "--mrn", mrn, "--json", ...more);
  const first = await add("Wolff, Käte", "CLI-1", "--bed", "C1");
  assert.equal(first.code, 0, first.stdout);
  const similar = await add("Wolf, Kaete", "CLI-2", "--bed", "C2");
  assert.deepEqual([similar.code, JSON.parse(similar.stdout).error.code], [1, "CONFLICT"]);
  assert.match(similar.stdout, /record CLI-1, then --seen-similar/);
  const taken = await add("Wolf, Kaete", "CLI-2", "--bed", "c1", "--seen-similar");
  assert.deepEqual([taken.code, JSON.parse(taken.stdout).error.code], [1, "BED_OCCUPIED"]);
  assert.match(taken.stdout, /--share-bed with record CLI-1/);
  const shared = await add("Wolf, Kaete", "CLI-2", "--bed", "c1", "--seen-similar", "--share-bed");
  assert.equal(shared.code, 0, shared.stdout);
});

test("wrong usage of the command line ends with 2, and help with 0", async () => {
  assert.equal((await ward.cli("patient", "add")).code, 2);
  assert.equal((await ward.cli("frobnicate")).code, 2);
  assert.equal((await ward.cli("--help")).code, 0);
  const { code, stdout } = await ward.cli(
    "patient",
    "add",
    "--name",
    "X",
    "--mrn",
    "1",
    "--birth-date",
    "1999-02-31",
    "--json",
  );
  assert.equal(code, 2);
  assert.match(stdout, /--birth-date/);
});
