import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { drivers } from "@openward/drivers";
import { findSignal, isNumeric, type Signal } from "@openward/signals";
import { signInAs } from "../support/people.ts";
import { type Api, apiOf, type RunningWard } from "../support/ward.ts";

/** What the walk cannot find by a search. */
export interface Filled {
  readonly patientId: string;
  readonly amendments: readonly string[];
  readonly people: readonly string[];
  readonly relations: readonly string[];
  /** Of those that are made of parts, and of parts that are. */
  readonly devices: readonly string[];
  readonly deviceTypes: number;
  readonly signals: number;
}

const MINUTE = 60_000;
const SECOND_SAMPLES = 50;

/**
 * Puts into a ward what a resource can be made of: a device of every type with all its signals, amendments of every kind, consents,
 * an alarm, people, and resources that others write.
 */
export async function fill(ward: RunningWard): Promise<Filled> {
  const api = await apiOf(ward);
  const [patientId, beside] = [await newPatient(api, "Walker, Wanda"), await newPatient(api, "Beside, Berta")];
  const nurse = await signInAs(ward, api, "Nina Berg", "nurse");
  const kin = await signInAs(ward, api, "Walker, Wim", "family");
  const relation = await api<{ id: string }>("POST", `/api/patients/${patientId}/relations`, {
    personId: kin.id,
    relation: "guardian",
    reason: "as the register says",
  });
  const now = Date.now();
  const spoken = new Set<string>();
  for (const [i, { key, signals }] of drivers.entries()) {
    const device = await newDevice(api, `walk-${i}`, key, patientId, now - 120 * MINUTE);
    const named = Object.keys(signals).flatMap((name) => findSignal(name) ?? []);
    for (const { key: name } of named) spoken.add(name);
    const values = named.filter(isNumeric);
    if (values.length > 0)
      await send(ward, device, "readings", {
        at: now - 30 * MINUTE - i * 1_000,
        values: Object.fromEntries(values.map((one) => [one.key, middleOf(one)])),
      });
    // Of the fast ones some leads are enough of what is the same code.
    const waves = named.filter(({ kind }) => kind === "waveform").slice(0, 3);
    for (const { key: signal, ucum = "1" } of waves)
      await send(ward, device, "waveform", {
        signal,
        start: now - 40 * MINUTE,
        rate: SECOND_SAMPLES,
        unit: ucum,
        scale: 0.01,
        origin: 0,
        samples: Array.from({ length: 25 * SECOND_SAMPLES }, (_, n) => (n * 7) % 100),
      });
  }
  await wearSensor(ward, api, { name: "Mass, Maren", unit: "mg/dL", middle: 140, now });
  await wearSensor(ward, api, { name: "Molar, Toril", unit: "mmol/L", middle: 7.8, now });
  const amendments = await amend(ward, api, { patientId, beside, now });
  await consent(ward, api, patientId, kin.id);
  await alarm(ward, api, now);
  await write(ward, patientId, now);
  return {
    patientId,
    amendments,
    people: [nurse.id],
    relations: [relation.id],
    devices: [...drivers.keys()].flatMap((i) => [`walk-${i}`, `walk-${i}.vmd-1`, `walk-${i}.vmd-2`]),
    deviceTypes: drivers.length,
    signals: spoken.size,
  };
}

async function newPatient(api: Api, name: string): Promise<string> {
  const [first] = await api<{ id: string }[]>("GET", "/api/wards");
  const body = {
    name,
    mrn: `WALK-${name}`,
    birthDate: "1961-02-03",
    sex: "female",
    wardId: first?.id,
    bed: name,
  };
  return (await api<{ id: string }>("POST", "/api/patients", { ...body, seenSimilar: [] })).id;
}

interface NewDevice {
  readonly id: string;
  readonly token: string;
}

async function newDevice(api: Api, id: string, type: string, patientId: string, from: number): Promise<NewDevice> {
  const device = await api<NewDevice>("POST", "/api/devices", { id, type, display: `Of type ${type}` });
  await api("POST", `/api/devices/${id}/assign`, { patientId, from });
  return device;
}

async function send(ward: RunningWard, { id, token }: NewDevice, kind: string, body: unknown): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/${id}/${kind}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, `${id} ${kind}: ${await answer.text()}`);
}

/** Three days of a glucose sensor on somebody: whichever fortnights they lie in, one of them has a day of it. */
async function wearSensor(
  ward: RunningWard,
  api: Api,
  { name, unit, middle, now }: { name: string; unit: string; middle: number; now: number },
): Promise<void> {
  const patientId = await newPatient(api, name);
  const from = now - 3 * 24 * 60 * MINUTE;
  const device = await newDevice(api, `walk-cgm-${middle}`, "cgm", patientId, from - MINUTE);
  const readings = Array.from({ length: 3 * 288 }, (_, i) => ({
    at: from + i * 5 * MINUTE,
    values: { "glucose-interstitial": { value: middle * (1 + ((i % 20) - 10) / 16), unit } },
  }));
  await send(ward, device, "readings", readings);
}

/** A value that nobody doubts. */
function middleOf({ warnLow, warnHigh, hardMin = 0, hardMax = 1, kind }: Signal): number {
  const middle = warnLow !== undefined && warnHigh !== undefined ? (warnLow + warnHigh) / 2 : (hardMin + hardMax) / 2;
  return kind === "enumerated" ? Math.round(middle) : middle;
}

/** One of each kind, and one that was taken back. */
async function amend(
  ward: RunningWard,
  api: Api,
  { patientId, beside, now }: { patientId: string; beside: string; now: number },
): Promise<string[]> {
  const device = await newDevice(api, "walk-amended", "bedside-monitor", patientId, now - 120 * MINUTE);
  const at = (n: number) => now - 60 * MINUTE + n * MINUTE;
  await send(
    ward,
    device,
    "readings",
    [0, 1, 2, 3, 4].map((n) => ({ at: at(n), values: { "heart-rate": 70 + n } })),
  );
  const streams = await api<{ id: string; signal: string; deviceId: string }[]>(
    "GET",
    `/api/patients/${patientId}/streams`,
  );
  const streamId = streams.find((one) => one.deviceId === device.id && one.signal === "heart-rate")?.id;
  const path = `/api/patients/${patientId}/amendments`;
  const reason = "the electrode was loose";
  const made: string[] = [];
  for (const body of [
    { kind: "corrected", streamId, at: at(0), value: 64, unit: "/min", reason },
    { kind: "entered-in-error", streamId, at: at(1), reason },
    { kind: "re-attributed", deviceId: device.id, from: at(2), to: at(3), toPatientId: beside, reason },
    { kind: "entered-in-error", streamId, at: at(4), reason },
  ])
    made.push((await api<{ id: string }>("POST", path, body)).id);
  made.push((await api<{ id: string }>("POST", `${path}/${made.at(-1)}/withdraw`, { reason })).id);
  return made;
}

/** What the patient says, of everybody and of one. */
async function consent(ward: RunningWard, api: Api, patientId: string, kinId: string): Promise<void> {
  const self = await signInAs(ward, api, "Walker, Wanda", "patient");
  await api("POST", `/api/patients/${patientId}/relations`, {
    personId: self.id,
    relation: "self",
    reason: "identity card seen",
  });
  for (const body of [
    { decision: "deny", categories: ["breathing"], purpose: "research", actors: [{ kind: "everybody" }] },
    { decision: "permit", categories: ["heart"], purpose: "care", actors: [{ kind: "person", id: kinId }] },
  ]) {
    const answer = await fetch(`${ward.url}/api/me/patients/${patientId}/consents`, {
      method: "POST",
      headers: { cookie: self.cookie, origin: ward.url, "content-type": "application/json" },
      body: JSON.stringify({ ...body, confirm: true }),
    });
    assert.equal(answer.status, 201, await answer.text());
  }
}

/** A heart rate above the limits that were set for somebody of their own. */
async function alarm(ward: RunningWard, api: Api, now: number): Promise<void> {
  const patientId = await newPatient(api, "Alarm, Agnes M");
  const device = await newDevice(api, "walk-alarm", "bedside-monitor", patientId, now);
  const limits = {
    signal: "heart-rate",
    low: 50,
    high: 120,
    criticalLow: null,
    criticalHigh: 180,
    priority: "high",
    delayMs: 0,
    hysteresis: 2,
    latching: true,
    enabled: true,
  };
  await api("PUT", `/api/patients/${patientId}/limits`, { limits: [limits] });
  const at = Date.now();
  for (const [i, value] of [70, 130, 190].entries())
    await send(ward, device, "readings", { at: at + i, values: { "heart-rate": value } });
}

async function write(ward: RunningWard, patientId: string, now: number): Promise<void> {
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  const subject = { reference: `Patient/${patientId}` };
  const encounter = `urn:uuid:${randomUUID()}`;
  const entries = [
    { resourceType: "Encounter", status: "finished", class: { code: "AMB" }, subject },
    { resourceType: "Condition", code: { text: "cough" }, subject, encounter: { reference: encounter } },
    { resourceType: "Organization", name: "North clinic" },
  ];
  const bundle = {
    resourceType: "Bundle",
    type: "transaction",
    entry: entries.map((resource, i) => ({
      ...(i === 0 ? { fullUrl: encounter } : {}),
      resource,
      request: { method: "POST", url: resource.resourceType },
    })),
  };
  const weight = {
    resourceType: "Observation",
    status: "final",
    code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
    subject,
    effectiveDateTime: new Date(now - 50 * MINUTE).toISOString(),
    valueQuantity: { value: 71.5, system: "http://unitsofmeasure.org", code: "kg" },
  };
  const height = {
    // Read as it was written, with what its writer declares.
    meta: { profile: ["http://hl7.org/fhir/StructureDefinition/bodyheight"] },
    category: [
      { coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] },
    ],
    ...weight,
    code: { coding: [{ system: "http://loinc.org", code: "8302-2" }] },
    valueQuantity: { value: 171, unit: "cm", system: "http://unitsofmeasure.org", code: "cm" },
  };
  for (const [path, body] of [
    ["", bundle],
    ["Observation", weight],
    ["Observation", height],
  ] as const) {
    const answer = await fetch(`${ward.url}/fhir/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/fhir+json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.text());
  }
}
