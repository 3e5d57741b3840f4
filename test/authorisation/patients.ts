import type { Mark } from "@openward/api";
import type { Known } from "./marks.ts";
import { json, type TestServer } from "./server.ts";

export interface House {
  readonly server: TestServer;
  readonly organisationId: string;
  readonly wardId: string;
  /** Whose clock it is; left out: the machine's. */
  readonly now?: () => number;
  /** In whose name ids are made, where they are to be the same in two worlds. */
  readonly as?: <T>(name: string, work: () => T) => T;
  /** How many readings there are of each patient; left out: 20. */
  readonly readings?: number;
  /** A token that sees the whole organisation. */
  readonly token: string;
  /** A token of a program that writes by FHIR. */
  readonly writer: string;
}

const MINUTE = 60_000;
const nowOf = ({ now }: House) => now?.() ?? Date.now();
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (id: string, token: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${token}`).toString("base64")}`,
});

/** What a device sends. @throws where it was not taken */
export function send(
  { server }: Pick<House, "server">,
  device: { deviceId: string; token: string },
  kind: string,
  body: unknown,
) {
  const path = `/ingest/devices/${device.deviceId}/${kind}`;
  return json<{ accepted: number; quarantined: unknown[] }>(server, {
    method: "POST",
    path,
    headers: basic(device.deviceId, device.token),
    body,
  });
}

export async function newDevice({ server, organisationId }: House, id: string, type = "bedside-monitor") {
  const none = { manufacturer: null, model: null };
  const made = await server.foundation.devices.create(
    organisationId,
    { id, type, display: `Monitor ${id}`, serial: `SN-${id}`, ...none },
    "test",
  );
  return { deviceId: id, token: made.token };
}

/** What others wrote about a patient. */
export const conditionOf = (patientId: string, reason: string) => ({
  resourceType: "Condition",
  identifier: [{ system: "urn:test", value: `condition of ${patientId}` }],
  code: { coding: [{ system: "http://snomed.info/sct", code: "38341003" }] },
  subject: { reference: `Patient/${patientId}` },
  recordedDate: "2026-11-01",
  note: [{ text: reason }],
});

let patients = 0;

/** A patient of whom nothing is known but who they are. */
export async function newPatient(house: House, word: string, names?: { name: string; birthDate: string }) {
  const n = ++patients;
  const { server, organisationId, wardId } = house;
  const bed = `bed-${word}`;
  const { id } = await server.foundation.patients.create(
    organisationId,
    {
      name: names?.name ?? `Spare-${word}, Sam`,
      birthDate: names?.birthDate ?? null,
      sex: "female",
      mrn: `mrn-${word}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    "test",
    { wardId, bed },
  );
  return { id, mrn: `mrn-${word}`, bed, n };
}

async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  for (
    const end = performance.now() + 120_000;
    performance.now() < end;
    await new Promise((go) => setTimeout(go, 10))
  ) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error(`waited two minutes for: ${what}`);
}

/** A call for help by this patient's device, and the alarm that it is. */
export async function raise(house: House, known: Pick<Known, "id" | "deviceId" | "token">, event: string) {
  await send(house, known, "event", { event: "sos-button", id: event, at: nowOf(house) });
  // From the table: a look at the list would stand in the log of everybody who is on it.
  const { owner } = house.server.foundation.database;
  return until("the alarm", async () => {
    const { rows } = await owner.query<{ id: string; revision: number }>(
      `SELECT alarm_id AS id, revision FROM alarm_revision a WHERE patient_id = $1 AND rule = 'event' AND state = 'raised'
         AND NOT EXISTS (SELECT FROM alarm_revision b WHERE b.alarm_id = a.alarm_id AND b.revision > a.revision)
        ORDER BY raised_at DESC LIMIT 1`,
      [known.id],
    );
    return rows[0];
  });
}

/** A patient with everything that there can be of one. @param n makes their values unlike all others' */
export async function newKnown(house: House, key: string, n: number): Promise<Known> {
  const { server, organisationId, as = (_, work) => work() } = house;
  const word = `zq${key}${n}`;
  const [family, given, birthDate] = [`Fam${word}`, `Giv${word}`, `19${31 + n}-02-1${n}`];
  const { id, mrn, bed } = await as("patient", () =>
    newPatient(house, word, { name: `${family}, ${given}`, birthDate }),
  );
  const device = await as("device", () => newDevice(house, `dev-${word}`));
  const { deviceId, token } = device;
  const now = nowOf(house);
  const since = now - 40 * 86_400_000;
  const { id: associationId } = await as("assign", () =>
    server.foundation.devices.assign(organisationId, deviceId, id, since, "test"),
  );

  const value = Number((60 + 2 * n + 0.2731 + n / 1000).toFixed(4));
  const times = Array.from({ length: house.readings ?? 20 }, (_, i) => now - 10 * MINUTE + i * 1000);
  await send(
    house,
    device,
    "readings",
    times.map((at) => ({ at, values: { "heart-rate": value, spo2: 97 } })),
  );
  const scale = Number((0.00512731 + n * 1e-6).toFixed(8));
  const samples = Array.from({ length: 500 }, () => 1000);
  const wave = { signal: "ecg-lead-ii", start: now - 5 * MINUTE, rate: 250, unit: "mV", scale, origin: 0, samples };
  await send(house, device, "waveform", wave);
  await send(house, device, "readings", { at: now, values: { [`unheard-of-${word}`]: 1 } });
  const alarm = await raise(house, { id, deviceId, token }, `sos-${word}`);

  const call = <T>(method: string, path: string, body?: unknown) =>
    json<T>(server, { method, path: `/api${path}`, headers: bearer(house.token), body });
  const streams = await call<{ id: string; signal: string }[]>("GET", `/patients/${id}/streams`);
  const streamOf = (signal: string) => streams.find((stream) => stream.signal === signal)?.id ?? "";
  const streamId = streamOf("heart-rate");
  const limit = { signal: "heart-rate", low: null, high: 100 + value, criticalLow: null, criticalHigh: null };
  const how = { priority: "low", delayMs: 0, hysteresis: 0, latching: false, enabled: true };
  await call("POST", `/patients/${id}/limits/profile`, { ageGroup: "adult", confirm: true });
  await call("PUT", `/patients/${id}/limits`, { limits: [{ ...limit, ...how }] });
  const reason = `why-${word}`;
  const standby = await call<{ id: string }>("POST", `/patients/${id}/standby`, {
    reason,
    minutes: 60,
    streamId: streamOf("spo2"),
  });
  const amendment = await call<{ id: string }>("POST", `/patients/${id}/amendments`, {
    kind: "corrected",
    streamId,
    at: times[0],
    value: value + 100,
    unit: "/min",
    reason,
  });
  const consent = await call<{ id: string }>("POST", `/patients/${id}/consents`, {
    decision: "deny",
    categories: ["glucose"],
    purpose: null,
    actors: [{ kind: "role", role: "researcher" }],
  });
  const { id: conditionId } = await as("condition", () =>
    json<{ id: string }>(server, {
      method: "POST",
      path: "/fhir/Condition",
      headers: bearer(house.writer),
      body: conditionOf(id, reason),
    }),
  );
  const open = await call<{ id: string; deviceId: string }[]>("GET", `/quarantine?device=${deviceId}`);
  const { people, relations, access } = server.foundation;
  const person = await as("kin", () => people.create(organisationId, `Kin of ${key}`, "family", "test"));
  const related = { personId: person.id, relation: "family", reason } as const;
  const relation = await as("relation", () => relations.relate(organisationId, id, related, "test"));
  const fact = await as("fact", () => relations.state(organisationId, id, { fact: "incapacity", reason }, "test"));
  const forRole = { grantee: { kind: "role", role: "nobody" }, purpose: "care", basis: "care-team" } as const;
  const [grant] = await as("grant", () =>
    access.grants.add(organisationId, [{ ...forRole, reach: { kind: "patient", patientId: id }, reason }], "test"),
  );

  const bare = (uuid: string) => uuid.replaceAll("-", "");
  const marks = new Map<Mark, string[]>([
    ["id", [id, bare(id)]],
    ["name", [family, given]],
    ["mrn", [mrn]],
    ["birth", [birthDate]],
    ["bed", [bed]],
    // Of the limit and the correction the digits are the same.
    ["value", [String(value), (value + 100).toFixed(4), scale.toFixed(8), (1000 * scale).toFixed(5)]],
    ["stream", streams.flatMap((stream) => [stream.id, bare(stream.id)])],
    ["alarm", [alarm.id]],
    ["device", [deviceId]],
    ["serial", [`SN-${deviceId}`]],
    ["reason", [reason]],
    ["raw", [`unheard-of-${word}`]],
  ]);
  return {
    key,
    organisationId,
    wardId: house.wardId,
    id,
    mrn,
    bed,
    deviceId,
    token,
    associationId,
    streamId,
    waveformId: streamOf("ecg-lead-ii"),
    openId: streamOf("spo2"),
    times,
    alarm,
    standbyId: standby.id,
    amendmentId: amendment.id,
    consentId: consent.id,
    conditionId,
    quarantineId: open.find((entry) => entry.deviceId === deviceId)?.id ?? "",
    relationId: relation.id,
    factId: fact.id,
    grantId: grant?.id ?? "",
    marks,
  };
}
