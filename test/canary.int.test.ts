import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Route, routes } from "@openward/api";
import mqtt from "mqtt";
import { SMTPServer } from "smtp-server";
import WebSocket from "ws";
import { z } from "zod";
import { CANARY, canariesIn, filled } from "./support/canaries.ts";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/**
 * One patient of whom everything that is known is a canary is driven through every route, good and malformed, over a kill
 * and a start. None of it may be in what operators, auditors, mail servers and whoever reads an error get to see.
 */
const SOME_ID = "00000000-0000-7000-8000-000000000001";
const env: Record<string, string> = { OPENWARD_LOG_LEVEL: "debug", OPENWARD_MAIL_FROM: "ward@hospital.example" };
const mails: string[] = [];
/** What came out, by where. */
const seen = new Map<string, string>();
const saw = (where: string, text: string) => seen.set(where, `${seen.get(where) ?? ""}\n${text}`);

let post: SMTPServer;
let ward: RunningWard;
let api: Api;
let token: string;
let patientId: string;
let known: Record<string, unknown>;
let device: { id: string; token: string };

before(async () => {
  post = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onData(stream, _session, done) {
      let text = "";
      stream.on("data", (chunk) => (text += chunk));
      stream.on("end", () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => post.listen(0, "127.0.0.1", () => resolve()));
  env.OPENWARD_SMTP_URL = `smtp://127.0.0.1:${(post.server.address() as AddressInfo).port}`;
  ward = await start();
  api = await apiOf(ward);
  token = (await ward.json<{ token: string }>("token", "issue", "--role", "administrator")).token;
  const [place] = await api<{ id: string }[]>("GET", "/api/wards");
  const { name, mrn, birthDate } = CANARY;
  const patient = await api<{ id: string }>("POST", "/api/patients", {
    ...{ name, mrn, birthDate, sex: "female" },
    wardId: place?.id,
    bed: "1",
  });
  patientId = patient.id;
  device = await api("POST", "/api/devices", { id: "mon-1", type: "generic", display: `${CANARY.note} of ${name}` });
  await api("POST", `/api/devices/${device.id}/assign`, { patientId });
  known = { patientId, into: SOME_ID, wardId: place?.id, deviceId: device.id, mrn, birthDate, email: CANARY.mail };
});
after(async () => {
  await ward?.stop();
  await new Promise<void>((resolve) => post.close(() => resolve()));
  if (ward) removeDataDir(ward.dataDir);
});

async function start(dataDir?: string): Promise<RunningWard> {
  const started = await startWard({ env, ...(dataDir === undefined ? {} : { dataDir }) });
  started.process.stdout?.on("data", (chunk) => saw("standard output", String(chunk)));
  started.process.stderr?.on("data", (chunk) => saw("log", String(chunk)));
  saw("log", started.log());
  return started;
}

/** Asks, and keeps what an error says and where an answer leads; returns the body of what was not refused. */
async function ask(method: string, path: string, init: { body?: string; type?: string; headers?: object } = {}) {
  const answer = await fetch(`${ward.url}${path}`, {
    method,
    redirect: "manual",
    ...(init.body === undefined ? {} : { body: init.body }),
    headers: {
      authorization: `Bearer ${token}`,
      ...(init.type === undefined ? {} : { "content-type": init.type }),
      ...init.headers,
    },
  });
  const text = await answer.text();
  saw("addresses", answer.headers.get("location")?.replaceAll(encodeURIComponent(path), "") ?? "");
  if (answer.status < 400) return text;
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  // Who else is in the bed, or has the name, is told to those who may see them: that is data, beside the error's words.
  const { similar: _, occupants: __, ...said } = isJson ? JSON.parse(text) : { text };
  saw("errors", `${method} ${path.split("?")[0]?.replaceAll(/zqx[^/]*/gi, "?")}: ${JSON.stringify(said)}`);
  return "";
}

const JUNK = `{"name": "${CANARY.name}", "values": ${CANARY.body}`;

test("the canaries are there to be found: in answers to those who may see them, and by who looks for them", async () => {
  assert.deepEqual(canariesIn(await ask("GET", `/api/patients/${patientId}`)), [
    "zqxvorkan",
    "zqxvorkan in an address",
    "ylmira",
    "ylmira in an address",
    "zqx-77-4419",
    "zqx-77-4419 in an address",
    "1931-07-29",
    "1931-07-29 in an address",
  ]);
  for (const planted of [
    `/ward?name=${encodeURIComponent(CANARY.name)}`,
    Buffer.from(`{"x": "${CANARY.note}"}`).toString("base64"),
    Buffer.from(JUNK).toString("base64"),
    `value ${CANARY.value}`,
  ])
    assert.ok(canariesIn(planted).length > 0, planted);
  assert.deepEqual(canariesIn("nothing of anybody"), []);
});

test("what devices send, good, malformed and unplaced, over HTTP and MQTT", async () => {
  const basic = { authorization: `Basic ${Buffer.from(`${device.id}:${device.token}`).toString("base64")}` };
  const good = JSON.stringify({ values: { "heart-rate": CANARY.value } });
  const send = (kind: string, body: string, type = "application/json", headers: object = basic) =>
    ask("POST", `/ingest/devices/${device.id}/${kind}`, { body, type, headers });
  assert.match(await send("readings", good), /"accepted":1/);
  await send("readings", JUNK);
  await send("readings", JSON.stringify({ values: { [CANARY.body]: 1, "heart-rate": CANARY.note } }));
  await send("readings", JSON.stringify({ values: { spo2: { value: 97, unit: CANARY.body } } }));
  await send("readings", JUNK, CANARY.body);
  await send("readings", `\xff${CANARY.body}`, "application/cbor");
  await send("event", JSON.stringify({ event: CANARY.body, note: CANARY.note }));
  await send("event", JSON.stringify({ event: "sos-button", id: CANARY.note }));
  await send("status", JSON.stringify({ state: CANARY.body }));
  await send(`raw/${CANARY.body}`, JUNK);
  await send("waveform", JSON.stringify({ signal: CANARY.body, samples: [CANARY.value] }));
  await send("readings", good, "application/json", { authorization: `Basic ${btoa(`nobody:${CANARY.note}`)}` });
  await ask("POST", "/ingest", {
    body: `{"device":"${CANARY.body}","kind":"readings","body":${JUNK}\n`,
    headers: basic,
  });
  await ask("POST", "/ingest/claim", { body: JSON.stringify({ code: CANARY.note }), type: "application/json" });

  const options = { username: device.id, password: device.token, protocolVersion: 5 as const, reconnectPeriod: 0 };
  const said = (error: Error) => saw("errors", `mqtt: ${error.message}`);
  const will = { topic: `devices/${device.id}/event`, payload: Buffer.from(JUNK), qos: 1 as const, retain: false };
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, { ...options, will });
  client.on("error", said);
  for (const [topic, body] of [
    [`devices/${device.id}/readings`, good],
    [`devices/${device.id}/readings`, JUNK],
    [`devices/${device.id}/raw/${CANARY.body}`, JUNK],
    [`devices/${CANARY.body}/readings`, good],
  ] as const)
    await client.publishAsync(topic, body, { qos: 1 }).catch(said);
  client.stream.destroy();
  await client.endAsync(true);
  await mqtt
    .connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, { ...options, username: "nobody", password: CANARY.note })
    .catch(said);
});

test("every route of the table, with what fits its form and with what does not", async () => {
  const last = (name: string) => /^(signOut|disablePerson|discharge|revokeDevice|rotateToken|release|merge)/.test(name);
  const table = (Object.entries(routes) as [string, Route][]).sort(([a], [b]) => Number(last(a)) - Number(last(b)));
  const people = await api<{ id: string }[]>("GET", "/api/people");
  const quarantined = await api<{ id: string }[]>("GET", "/api/quarantine");
  assert.ok(quarantined.length > 0, "something waits to be placed");
  for (const [name, route] of table) {
    const id = /\/people\//.test(route.path)
      ? (people.at(-1)?.id ?? SOME_ID)
      : /\/quarantine\//.test(route.path)
        ? (quarantined[0]?.id ?? SOME_ID)
        : patientId;
    const path = route.path.replace(":id", id).replace(":deviceId", device.id).replaceAll(/:\w+/g, SOME_ID);
    const schema = route.body && z.toJSONSchema(route.body, { io: "input", unrepresentable: "any" });
    const form = { type: "application/json" };
    const query = new URLSearchParams({
      from: "0",
      to: "9",
      q: CANARY.name,
      signals: CANARY.body,
      stream: CANARY.body,
    });
    await ask(route.method, path, schema ? { ...form, body: JSON.stringify(filled(schema, known)) } : {});
    if (route.method === "GET") {
      await ask("GET", `${path}?${query}`);
      continue;
    }
    await ask(route.method, path, { ...form, body: JUNK });
    await ask(route.method, path, {
      ...form,
      body: JSON.stringify({ name: [CANARY.name], role: CANARY.note, unit: CANARY.body }),
    });
    await ask(route.method, path, { type: CANARY.body, body: JUNK });
    await ask(route.method, route.path.replaceAll(/:\w+/g, encodeURIComponent(CANARY.name)), { ...form, body: "{}" });
    assert.ok(name);
  }
  for (const reason of [CANARY.note, `${CANARY.note} again`])
    await ask("POST", `/api/patients/${patientId}/standby`, {
      type: "application/json",
      body: JSON.stringify({ reason, minutes: 5 }),
    });
  // The same record number once more: the database refuses it, in its own words.
  const twice = { name: "Somebody, Else", mrn: CANARY.mrn, sex: "male", wardId: known.wardId, bed: "77" };
  await ask("POST", "/api/patients", { type: "application/json", body: JSON.stringify(twice) });
});

test("the FHIR interface, the authorisation server, pages and live views", async () => {
  const name = encodeURIComponent(CANARY.name);
  for (const path of [
    `Patient?name=${name}`,
    `Patient?identifier=${CANARY.mrn}&birthdate=${CANARY.birthDate}`,
    `Patient/${patientId}`,
    `Patient/${name}`,
    `Patient?birthdate=${name}`,
    `Observation?patient=${patientId}`,
    `Observation?value-quantity=${CANARY.value}`,
    `Observation?code=${CANARY.body}&_sort=${CANARY.note}&_count=${CANARY.note}&date=${CANARY.note}`,
    `Observation?patient.name=${name}`,
    `Observation?_include=${CANARY.body}:x&_format=${CANARY.note}`,
    `Device?device-name=${CANARY.note}`,
    `${CANARY.body}/${CANARY.note}`,
    `AuditEvent?agent=${CANARY.note}`,
  ])
    await ask("GET", `/fhir/${path}`, { headers: { accept: "application/fhir+json" } });
  const resource = JSON.stringify({ resourceType: "Patient", name: [{ text: CANARY.name }], [CANARY.body]: 1 });
  for (const [method, path, body] of [
    ["POST", "/fhir/Patient", resource],
    ["PUT", `/fhir/Patient/${patientId}`, resource],
    ["POST", "/fhir", resource],
    ["POST", "/fhir", JUNK],
    [
      "POST",
      "/fhir",
      `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/${CANARY.body}"}}]}`,
    ],
  ] as const)
    await ask(method, path, { body, type: "application/fhir+json" });
  const asked = new URLSearchParams({
    client_id: CANARY.body,
    redirect_uri: `https://x.example/${CANARY.note}`,
    state: CANARY.note,
  });
  await ask("GET", `/oauth/auth?${asked}`);
  await ask("POST", "/oauth/token", {
    body: `grant_type=${CANARY.body}&code=${CANARY.note}`,
    type: "application/x-www-form-urlencoded",
  });
  await ask("GET", `/oauth/interaction/${CANARY.note}`);
  await ask("GET", `/${CANARY.body}/${name}`);
  await ask("GET", `/assets/${CANARY.body}.js`);
  const url = ward.url.replace("http", "ws");
  const socket = new WebSocket(`${url}/live`, { headers: { authorization: `Bearer ${token}` } });
  const closed = new Promise<string>((resolve) => socket.once("close", (_code, reason) => resolve(String(reason))));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ type: "watch", patients: [patientId], waveforms: "none" }));
  socket.send(JUNK);
  // What is no message ends it; a server that lets it pass is asked to end.
  socket.close();
  saw("errors", `live: ${await closed}`);
});

test("after all that, and a kill and a start, nothing of the patient is where it must not be", {
  timeout: 600_000,
}, async () => {
  const nina = await api<{ person: { id: string } }>("POST", "/api/people", { display: "Nina Berg", role: "nurse" });
  await api("POST", `/api/people/${nina.person.id}/link`, { email: CANARY.mail });
  saw("metrics", await (await fetch(`${ward.url}/metrics`)).text());
  saw("health", await (await fetch(`${ward.url}/health/ready`)).text());
  await ward.stop("SIGKILL");
  ward = await start(ward.dataDir);
  saw("metrics", await (await fetch(`${ward.url}/metrics`)).text());
  const file = join(ward.dataDir, "audit.jsonl");
  await ward.json("audit", "export", file, "--all");
  saw("audit export", readFileSync(file, "utf8"));
  const events = await ask("GET", "/fhir/AuditEvent?_count=1000");
  assert.match(events, /"resourceType":"AuditEvent"/);
  saw("AuditEvents", events);
  saw("log of the house", await ask("GET", "/api/audit?limit=1000"));
  await ward.stop();
  saw("PostgreSQL's log", readFileSync(join(ward.dataDir, "postgres.log"), "utf8"));
  saw("mails", mails.join("\n"));
  for (const where of ["log", "errors", "audit export", "PostgreSQL's log", "mails", "metrics"])
    assert.ok((seen.get(where) ?? "").length > 50, `there is something to look through in ${where}`);
  const found = [...seen].flatMap(([where, text]) =>
    text.split("\n").flatMap((line) => {
      const canaries = canariesIn(line).filter((one) => !(where === "mails" && one.startsWith("zqxmail")));
      return canaries.length > 0 ? [`${where}: ${canaries.join(", ")}: ${line.slice(0, 400)}`] : [];
    }),
  );
  assert.deepEqual(found, []);
});
