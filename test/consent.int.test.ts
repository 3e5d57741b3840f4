import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { ConsentBody, LiveMessage, PatientConsentsBody, SharingBody, StreamInfo } from "@openward/api";
import WebSocket from "ws";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let admin: Api;
let patientId: string;
let otherPatientId: string;
let device: { deviceId: string; token: string };
let patient: Person;
let nurse: Person;

interface Person {
  readonly id: string;
  readonly cookie: string;
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }>;
}

before(async () => {
  ward = await startWard();
  admin = await apiOf(ward);
  const [bed, other] = await addBeds(ward, 2);
  assert.ok(bed && other);
  ({ patientId } = bed);
  otherPatientId = other.patientId;
  device = bed;
  nurse = await signIn("Nina Berg", "nurse");
  patient = await signIn("Pia Holm", "patient");
  await admin("POST", `/api/patients/${patientId}/relations`, {
    personId: patient.id,
    relation: "self",
    reason: "identity card seen",
  });
  await measure(Date.now());
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function signIn(display: string, role: string): Promise<Person> {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display,
    role,
  });
  const answer = await fetch(`${ward.url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: ward.url },
    body: JSON.stringify({ token: link.slice(link.indexOf("#token=") + 7) }),
  });
  assert.equal(answer.status, 200);
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return {
    id: person.id,
    cookie,
    async call(method, path, body) {
      const answered = await fetch(`${ward.url}${path}`, {
        method,
        headers: { cookie, origin: ward.url, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answered.text();
      return { status: answered.status, body: text === "" ? null : JSON.parse(text) };
    },
  };
}

async function send(body: unknown): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/${device.deviceId}/readings`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${device.deviceId}:${device.token}`).toString("base64")}`,
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

const measure = (at: number) => send({ at, values: { "heart-rate": 72, spo2: 97 } });

async function until<T>(what: string, find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 120_000; performance.now() < end; await wait(10)) {
    const found = await find();
    if (found) return found;
  }
  throw new Error(`waited two minutes for: ${what}`);
}

const mine = () => `/api/me/patients/${patientId}`;
const NO_BREATHING = { decision: "deny", categories: ["breathing"], purpose: null, actors: [{ kind: "everybody" }] };
const signalsOf = async (who: Person) =>
  (await who.call<StreamInfo[]>("GET", `/api/patients/${patientId}/streams`)).body.map(({ signal }) => signal).sort();

interface Bundle {
  readonly entry?: readonly { readonly resource: { readonly code?: unknown; readonly resourceType: string } }[];
}

async function withdraw(consentId: string): Promise<void> {
  const { status } = await patient.call("POST", `${mine()}/consents/${consentId}/withdraw`, {});
  assert.equal(status, 200);
}

test("what a patient takes back is gone within a second from REST, FHIR and an open screen", async (t) => {
  assert.deepEqual(await signalsOf(nurse), ["heart-rate", "spo2"]);
  const { body: streams } = await nurse.call<StreamInfo[]>("GET", `/api/patients/${patientId}/streams`);
  const spo2 = streams.find(({ signal }) => signal === "spo2")?.id;
  const messages: { readonly at: number; readonly text: string; readonly message: LiveMessage }[] = [];
  const socket = new WebSocket(`${ward.url.replace("http", "ws")}/live`, { headers: { cookie: nurse.cookie } });
  try {
    socket.on("message", (data) =>
      messages.push({ at: performance.now(), text: String(data), message: JSON.parse(String(data)) }),
    );
    socket.on("error", () => {});
    await until("the connection", () => socket.readyState === WebSocket.OPEN);
    socket.send(JSON.stringify({ type: "watch", waveforms: "none" }));
    await until("the tile with spo2", () =>
      messages.find(({ message, text }) => message.type === "snapshot" && text.includes("spo2")),
    );

    const refused = await patient.call<{ code: string; field: string }>("POST", `${mine()}/consents`, NO_BREATHING);
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.field],
      [409, "CONSENT_LEAVES_UNWATCHED", "confirm"],
    );
    const saidAt = performance.now();
    const said = await patient.call<ConsentBody>("POST", `${mine()}/consents`, { ...NO_BREATHING, confirm: true });
    assert.equal(said.status, 201);
    assert.equal(said.body.words, "does not share breathing with anybody here");
    const answeredAt = performance.now();

    await until("REST without spo2", async () => (await signalsOf(nurse)).join() === "heart-rate");
    const restAt = performance.now();
    const search = await nurse.call<Bundle>("GET", `/fhir/Observation?patient=${patientId}&code=59408-5`);
    assert.deepEqual(search.body.entry ?? [], [], "nothing of it by code");
    const all = await nurse.call<Bundle>("GET", `/fhir/Observation?patient=${patientId}`);
    assert.ok(all.status === 200 && !JSON.stringify(all.body).includes("59408-5"));
    const metric = await nurse.call("GET", `/fhir/DeviceMetric/${spo2}`);
    assert.equal(metric.status, 404);
    const fhirAt = performance.now();
    const renewed = await until("a tile without spo2", () =>
      messages.find(({ at, message, text }) => at > saidAt && message.type === "patient" && !text.includes("spo2")),
    );
    const quietFrom = performance.now();
    await measure(Date.now());
    await until("heart rate, and no spo2", () =>
      messages.find(({ at, message }) => at > quietFrom && message.type === "numerics"),
    );
    assert.ok(!messages.some(({ at, text }) => at > renewed.at && text.includes("spo2")), "nothing of it comes after");

    const ms = (at: number) => Math.round(at - saidAt);
    t.diagnostic(
      `after it was said: answered ${ms(answeredAt)} ms, REST ${ms(restAt)} ms, FHIR ${ms(fhirAt)} ms, screen ${ms(renewed.at)} ms`,
    );

    const unwatched = await nurse.call<{ patientId: string; categories: string[] | null }[]>("GET", "/api/unwatched");
    const ofPatient = unwatched.body.find((one) => one.patientId === patientId);
    assert.deepEqual(ofPatient?.categories, ["breathing"], "the ward is told what nobody watches");
    await withdraw(said.body.id);
    await until("spo2 to come back", async () => (await signalsOf(nurse)).includes("spo2"));
  } finally {
    socket.terminate();
  }
});

test("a nurse is told what is hidden and since when, unless the patient keeps that to themselves; a privacy officer always", async () => {
  const officer = await signIn("Per Vik", "privacy-officer");
  const told = async () => (await nurse.call<PatientConsentsBody>("GET", `/api/patients/${patientId}/consents`)).body;
  const explained = async () =>
    (
      await officer.call<{ isSeen: boolean; hidden: { words: string }[] }>(
        "GET",
        `/api/consents/explain?patient=${patientId}&person=${nurse.id}`,
      )
    ).body;
  const actors = [{ kind: "person", id: nurse.id }];
  for (const isSilent of [false, true]) {
    const { body: said } = await patient.call<ConsentBody>("POST", `${mine()}/consents`, {
      ...{ ...NO_BREATHING, actors, isSilent, confirm: true },
    });
    const hidden = isSilent ? [] : ["Hidden because the patient does not share breathing with Nina Berg"];
    assert.deepEqual(
      (await told()).hidden.map(({ words }) => words),
      hidden,
    );
    assert.equal(
      (await told()).consents.some(({ id }) => id === said.id),
      !isSilent,
    );
    const { isSeen, hidden: whole } = await explained();
    assert.deepEqual(
      [isSeen, whole.map(({ words }) => words)],
      [true, ["Hidden because the patient does not share breathing with Nina Berg"]],
    );
    assert.equal((await nurse.call("GET", `/fhir/Consent/${said.id}`)).status, isSilent ? 404 : 200);
    await withdraw(said.id);
  }
  assert.equal((await nurse.call("GET", `/api/consents/explain?patient=${patientId}&person=${nurse.id}`)).status, 403);
});

test("a consent is a FHIR Consent with its versions", async () => {
  const to = Date.now() + 86_400_000;
  const { body: said } = await patient.call<ConsentBody>("POST", `${mine()}/consents`, {
    decision: "permit",
    categories: ["heart"],
    purpose: "care",
    actors: [{ kind: "role", role: "physician" }],
    to,
  });
  await withdraw(said.id);
  type Consent = { status: string; meta: { versionId: string }; provision: { type: string; period: { end: string } } };
  const { body: now } = await nurse.call<Consent>("GET", `/fhir/Consent/${said.id}`);
  assert.deepEqual([now.status, now.meta.versionId], ["inactive", "2"]);
  const { body: first } = await nurse.call<Consent>("GET", `/fhir/Consent/${said.id}/_history/1`);
  assert.deepEqual([first.status, first.provision.type], ["active", "permit"]);
  assert.equal(Date.parse(first.provision.period.end), to);
  const { body: history } = await nurse.call<{ total: number }>("GET", `/fhir/Consent/${said.id}/_history`);
  assert.equal(history.total, 2);
  const search = await nurse.call<Bundle>("GET", `/fhir/Consent?patient=${patientId}&status=active`);
  assert.deepEqual(search.body.entry ?? [], []);
});

test("only the patient and who decides for them say it, and staff write down what is not for themselves", async () => {
  const family = await signIn("Finn Holm", "family");
  assert.equal((await family.call("GET", `${mine()}/sharing`)).status, 404, "who stands beside nobody");
  await admin("POST", `/api/patients/${patientId}/relations`, {
    personId: family.id,
    relation: "family",
    reason: "invited by the patient",
  });
  const { body: sharing } = await family.call<SharingBody>("GET", `${mine()}/sharing`);
  assert.equal(sharing.mayDecide, false);
  assert.equal((await family.call("POST", `${mine()}/consents`, NO_BREATHING)).status, 403);
  assert.equal((await nurse.call("POST", `${mine()}/consents`, NO_BREATHING)).status, 404);

  const path = `/api/patients/${patientId}/consents`;
  const permit = { decision: "permit", categories: ["heart"], purpose: "care" };
  const self = await nurse.call("POST", path, { ...permit, actors: [{ kind: "role", role: "nurse" }] });
  assert.equal(self.status, 422, "nobody opens a record to themselves in the patient's name");
  const written = await nurse.call<ConsentBody>("POST", path, {
    ...permit,
    actors: [{ kind: "person", id: family.id }],
  });
  assert.deepEqual([written.status, written.body.saidAs, written.body.saidBy], [201, "staff", "Nina Berg"]);
  assert.equal((await nurse.call("POST", `${path}/${written.body.id}/withdraw`, {})).status, 200);
  const { body: own } = await patient.call<ConsentBody>("POST", `${mine()}/consents`, {
    ...NO_BREATHING,
    confirm: true,
  });
  assert.equal((await nurse.call("POST", `${path}/${own.id}/withdraw`, {})).status, 403);
  await withdraw(own.id);

  const { body } = await patient.call<SharingBody>("GET", `${mine()}/sharing`);
  assert.ok(body.people.some(({ display }) => display === "Nina Berg"));
  assert.ok(body.sees.some(({ display, basis }) => display === "Nina Berg" && basis === "ward-assignment"));
  assert.ok(body.consents.every(({ status }) => status === "inactive"));
});

test("a patient sees themselves and nobody else, family what is shared with them, and a death ends it", async () => {
  const observed = async (who: Person, of = patientId) =>
    JSON.stringify((await who.call<Bundle>("GET", `/fhir/Observation?patient=${of}`)).body.entry ?? []);
  const SPO2 = "59408-5";
  const HEART = "8867-4";
  const { body: said } = await patient.call<ConsentBody>("POST", `${mine()}/consents`, {
    ...NO_BREATHING,
    confirm: true,
  });
  const own = await observed(patient);
  assert.ok(own.includes(SPO2) && own.includes(HEART), "what they do not share with anybody they see themselves");
  const { body: everybody } = await patient.call<{ entry: { resource: { id: string } }[] }>("GET", "/fhir/Patient");
  assert.deepEqual(
    everybody.entry.map(({ resource }) => resource.id),
    [patientId],
  );
  assert.equal((await patient.call("GET", `/fhir/Patient/${otherPatientId}`)).status, 404);
  assert.equal(await observed(patient, otherPatientId), "[]");
  const { body: devices } = await patient.call<{ total: number }>("GET", "/fhir/Device");
  assert.equal(devices.total, 1, "of the devices of the house those that are on them");
  assert.equal((await patient.call("GET", `/fhir/Consent/${said.id}`)).status, 200);

  const family = await signIn("Frida Holm", "family");
  await admin("POST", `/api/patients/${patientId}/relations`, {
    ...{ personId: family.id, relation: "family", reason: "invited by the patient" },
  });
  assert.equal((await family.call("GET", `/fhir/Patient/${patientId}`)).status, 404);
  const shared = await patient.call<ConsentBody>("POST", `${mine()}/consents`, {
    ...{ decision: "permit", categories: ["heart"], purpose: "care", actors: [{ kind: "person", id: family.id }] },
  });
  const seen = await until("what is shared to be there", async () => {
    const text = await observed(family);
    return text.includes(HEART) ? text : undefined;
  });
  assert.ok(!seen.includes(SPO2), "and nothing else");
  await withdraw(shared.body.id);
  await until("it to be gone", async () => (await observed(family)) === "[]");
  await withdraw(said.id);

  const fact = await admin<{ id: string }>("POST", `/api/patients/${patientId}/facts`, {
    fact: "deceased",
    reason: "recorded in error, as it turns out",
  });
  await until(
    "nothing to be shown",
    async () => (await patient.call("GET", `/fhir/Patient/${patientId}`)).status === 404,
  );
  await admin("POST", `/api/patients/${patientId}/facts/${fact.id}/end`);
  await until("it to be back", async () => (await patient.call("GET", `/fhir/Patient/${patientId}`)).status === 200);
});
