import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Observation, OperationOutcome } from "@medplum/fhirtypes";
import { HIDDEN, KARI, OLA, readingOf, server, streamOf, T0, ward, waveformOf } from "../testing/ward.ts";

const heart = streamOf("heart-rate", "/min");
const pulse = streamOf("pulse-rate", "/min", { deviceId: "oximeter-1" });
const temperature = streamOf("body-temperature", "Cel");
const systolic = streamOf("nibp-systolic", "mm[Hg]");
const diastolic = streamOf("nibp-diastolic", "mm[Hg]");
const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });

const house = ward();
for (let i = 0; i < 10; i++) {
  house.telemetry.add(readingOf(heart, T0 + i * 60_000, 70 + i));
  house.telemetry.add(readingOf(pulse, T0 + i * 60_000 + 1, 71 + i));
  house.telemetry.add(readingOf(systolic, T0 + i * 600_000, 120 + i));
  house.telemetry.add(readingOf(diastolic, T0 + i * 600_000, 80 + i));
}
house.telemetry.add(readingOf(temperature, T0, 36.6));
house.telemetry.add(readingOf(temperature, T0 + 5, 36.7));
house.telemetry.add(readingOf(temperature, T0 + 5, 36.8, { ordinal: 1 }));
house.telemetry.addWaveform(waveformOf(ecg, T0, 100, Array(3_000).fill(1)));
house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: OLA }), T0, 50));
const { get, app } = server(house);

const VITALS = "category=vital-signs";
const lastn = async (query: string) => {
  const { status, body } = await get(`/fhir/Observation/$lastn?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as Bundle).entry?.map(({ resource }) => resource as Observation) ?? [];
};
const told = (all: readonly Observation[]) =>
  all
    .map((one) => one.valueQuantity?.value ?? one.component?.[0]?.valueQuantity?.value ?? one.effectivePeriod?.start)
    .sort();
const codeOf = (body: unknown) => (body as OperationOutcome).issue[0]?.expression;

test("of each code the newest, whichever device measured it, and both of a tie", async () => {
  // Heart and pulse rate share a LOINC code, so that they are one group; pressures are one panel.
  assert.deepEqual(told(await lastn(`patient=${KARI}&${VITALS}`)), [129, 36.7, 36.8, 80]);
  assert.deepEqual(told(await lastn(`subject=Patient/${KARI}&code=8867-4`)), [80]);
  assert.deepEqual(told(await lastn(`patient=${OLA}&${VITALS}`)), [50]);
});

test("as many of each as are asked for, and what the search leaves of them", async () => {
  assert.deepEqual(told(await lastn(`patient=${KARI}&code=8867-4&max=3`)), [79, 79, 80]);
  assert.deepEqual(told(await lastn(`patient=${KARI}&code=8310-5&max=2`)), [36.7, 36.8]);
  assert.equal((await lastn(`patient=${KARI}&code=8310-5&max=100`)).length, 3);
  assert.deepEqual(told(await lastn(`patient=${KARI}&code=85354-9&max=2`)), [128, 129]);
  const before = new Date(T0 + 120_000).toISOString();
  assert.deepEqual(told(await lastn(`patient=${KARI}&code=8867-4&date=lt${before}`)), [72]);
  assert.deepEqual(told(await lastn(`patient=${KARI}&device=oximeter-1&${VITALS}`)), [80]);
  const pieces = await lastn(`patient=${KARI}&category=procedure&max=2`);
  assert.deepEqual(
    pieces.map(({ effectivePeriod }) => effectivePeriod?.start),
    [T0 + 20_000, T0 + 10_000].map((time) => new Date(time).toISOString()),
  );
});

test("the newest of all comes first, each is read under its id, and a POST asks the same", async () => {
  const { body } = await get(`/fhir/Observation/$lastn?patient=${KARI}&${VITALS}`);
  const bundle = body as Bundle;
  const times = bundle.entry?.map(({ resource }) => (resource as Observation).effectiveDateTime ?? "") ?? [];
  assert.deepEqual(times, times.toSorted().toReversed());
  for (const { fullUrl, resource } of bundle.entry ?? []) {
    const read = await get(new URL(fullUrl ?? "").pathname);
    assert.deepEqual(read.body, resource);
  }
  const parameter = [
    { name: "subject", valueReference: { reference: `Patient/${KARI}` } },
    { name: "category", valueString: "vital-signs" },
  ];
  const posted = await app.inject({
    method: "POST",
    url: "/fhir/Observation/$lastn",
    headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
    payload: { resourceType: "Parameters", parameter },
  });
  assert.deepEqual((posted.json() as Bundle).entry, bundle.entry);
});

test("what is missing of the question is named, and whom nobody may see is as if there were none", async () => {
  assert.deepEqual(codeOf((await get(`/fhir/Observation/$lastn?${VITALS}`)).body), ["http.patient"]);
  assert.deepEqual(codeOf((await get(`/fhir/Observation/$lastn?patient=${KARI}`)).body), ["http.code"]);
  assert.deepEqual(codeOf((await get(`/fhir/Observation/$lastn?patient=${KARI}&${VITALS}&max=0`)).body), ["http.max"]);
  house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: HIDDEN }), T0, 44));
  assert.deepEqual(await lastn(`patient=${HIDDEN}&${VITALS}`), []);
  assert.equal((await get(`/fhir/Patient/$lastn?patient=${KARI}`)).status, 405);
});
