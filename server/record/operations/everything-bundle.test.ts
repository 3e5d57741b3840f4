import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Observation, OperationOutcome, Resource } from "@medplum/fhirtypes";
import type { ListQuery, StoredResource } from "@openward/fhir/store";
import type { AppAccess } from "@openward/model";
import { HIDDEN, KARI, OLA, readingOf, server, streamOf, T0, viewOf, ward, waveformOf } from "../testing/ward.ts";

const heart = streamOf("heart-rate", "/min");
const spo2 = streamOf("spo2", "%");
const systolic = streamOf("nibp-systolic", "mm[Hg]");
const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });

/** What others wrote, as the store lists it. */
const stored: StoredResource[] = ["a", "b", "c"].map((id) => ({
  type: "Condition",
  id,
  version: 1,
  updatedAt: T0,
  content: JSON.stringify({
    resourceType: "Condition",
    clinicalStatus: {
      coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-clinical", code: "active" }],
    },
    code: { text: "x" },
    subject: { reference: `Patient/${KARI}` },
  }),
  patientIds: [KARI],
}));
const asked: ListQuery[] = [];
const resources = {
  read: async () => undefined,
  // Nobody has written an Observation.
  search: async () => [],
  async list(_asker: unknown, query: ListQuery) {
    asked.push(query);
    return stored.filter(({ id }) => !query.after || id > query.after.id).slice(0, query.limit);
  },
} as never;

function house(app?: AppAccess) {
  const one = ward(viewOf(KARI, OLA));
  for (let i = 0; i < 5; i++) {
    one.telemetry.add(readingOf(heart, T0 + i * 60_000, 70 + i));
    one.telemetry.add(readingOf(spo2, T0 + i * 60_000, 95));
    one.telemetry.add(readingOf(systolic, T0 + i * 60_000, 120));
  }
  one.telemetry.addWaveform(waveformOf(ecg, T0, 100, Array(2_000).fill(1)));
  one.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: OLA, deviceId: "cuff_2" }), T0, 50));
  // Nobody has written anything about what was measured.
  const overlays = { isBare: () => true, hasNone: () => true } as never;
  return server({
    ...one,
    context: {
      ...one.context,
      written: { resources, overlays, ids: undefined as never, forms: undefined as never },
      ...(app ? { app } : {}),
    },
  });
}
const { get } = house();

/** All pages. */
async function everything(url: string, from = get): Promise<Resource[]> {
  const all: Resource[] = [];
  for (let next: string | undefined = url; next !== undefined; ) {
    const { status, body } = await from(next);
    assert.equal(status, 200, JSON.stringify(body));
    const { entry = [], link = [] } = body as Bundle;
    all.push(...entry.map(({ resource }) => resource as Resource));
    const following = link.find(({ relation }) => relation === "next")?.url;
    next = following?.replace("http://ward.example", "");
  }
  return all;
}
const counted = (all: readonly Resource[]) =>
  Object.fromEntries(
    Map.groupBy(all, ({ resourceType }) => resourceType)
      .entries()
      .map(([type, some]) => [type, some.length]),
  );
const WHOLE = { Patient: 1, Device: 1, DeviceMetric: 4, DeviceUseStatement: 1, Condition: 3, Observation: 17 };

test("everything of one patient and nothing of another, whatever the pages, each thing once", async () => {
  const whole = await everything(`/fhir/Patient/${KARI}/$everything`);
  assert.deepEqual(counted(whole), WHOLE);
  for (const count of [1, 3, 7, 1000]) {
    const paged = await everything(`/fhir/Patient/${KARI}/$everything?_count=${count}`);
    assert.deepEqual(
      paged.map(({ resourceType, id }) => `${resourceType}/${id}`),
      whole.map(({ resourceType, id }) => `${resourceType}/${id}`),
    );
  }
  assert.doesNotMatch(JSON.stringify(whole), new RegExp(OLA));
  assert.equal((await get(`/fhir/Patient/${HIDDEN}/$everything`)).status, 404);
});

test("what is measured is narrowed by time, and all by type and by when it came", async () => {
  const url = `/fhir/Patient/${KARI}/$everything`;
  const start = new Date(T0 + 180_000).toISOString();
  const later = await everything(`${url}?start=${start}&_type=Observation`);
  assert.equal(later.length, 6);
  assert.ok(later.every((one) => ((one as Observation).effectiveDateTime ?? "") >= start));
  assert.deepEqual(counted(await everything(`${url}?_type=Patient,Condition`)), { Patient: 1, Condition: 3 });
  const since = new Date(T0 + 240_000).toISOString();
  assert.deepEqual(counted(await everything(`${url}?_type=Observation&_since=${since}`)), { Observation: 3 });
  await everything(`${url}?_since=${since}`);
  assert.equal(asked.at(-1)?.since, T0 + 240_000);
});

test("an application gets of everything what its scopes have, for the patient it was opened with", async () => {
  const scope = (type: string) => ({ compartment: "patient" as const, type, interactions: "rs", query: [] });
  const app: AppAccess = {
    clientId: "app",
    name: "App",
    scopes: [scope("Patient"), scope("Observation")],
    patientId: KARI,
    fhirUser: null,
    endsWith: [],
  };
  const asks = house(app).get;
  assert.deepEqual(counted(await everything("/fhir/Patient/$everything", asks)), { Patient: 1, Observation: 17 });
  assert.equal((await asks(`/fhir/Patient/${KARI}/$everything?_type=Condition`)).status, 403);
  const all = house({ ...app, scopes: [scope("*")] }).get;
  assert.deepEqual(counted(await everything("/fhir/Patient/$everything", all)), WHOLE);
});

test("without a patient it is for who sees one, and what is not known is named", async () => {
  const { status, body } = await get("/fhir/Patient/$everything");
  assert.equal(status, 422);
  assert.equal((body as OperationOutcome).issue[0]?.code, "too-costly");
  assert.equal((await get(`/fhir/Patient/${KARI}/$everything?colour=red`)).status, 400);
});
