import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type FhirUdiCarrier, parseUdiCarrier } from "@openward/codecs/udi";
import { ABSENT_SAMPLE, NOTHING_REGISTERED, QUALITY } from "@openward/model";
import { findSignal, signals } from "@openward/signals";
import { assertValid } from "../testing/valid.ts";
import {
  deviceOf,
  HIDDEN,
  KARI,
  NOW,
  organisation,
  patientOf,
  readingOf,
  streamOf,
  T0,
  viewOf,
  waveformOf,
} from "../testing/ward.ts";
import { groupIntoPanels, mapBloodPressure } from "./blood-pressure.ts";
import { mapDevice } from "./device.ts";
import { fhirDeviceId } from "./device-id.ts";
import { mapStream } from "./device-metric.ts";
import { mapUse } from "./device-use.ts";
import { mapReading } from "./observation.ts";
import table from "./observation-kinds.json" with { type: "json" };
import { mapPatient } from "./patient.ts";
import { cutIntoWindows, mapSegment } from "./sampled-data.ts";
import { fhirTime } from "./time.ts";

const goldens = JSON.parse(readFileSync(new URL("resources.golden.json", import.meta.url), "utf8"));
/** Nothing was written down of it, and it said nothing. */
const plain = { registration: NOTHING_REGISTERED, facts: [], clock: null };
const demo = { ...organisation, isDemo: true };

const cuff = (signal: string, unit = "mm[Hg]") => streamOf(signal, unit, { deviceId: "cuff_2" });
const panel = (...readings: ReturnType<typeof readingOf>[]) => {
  const [first] = groupIntoPanels(readings);
  assert.ok(first);
  return mapBloodPressure(first, organisation);
};
const ecg = streamOf("ecg-lead-ii", "mV", { kind: "waveform" });
const piece = (samples: number[], start = T0) => {
  const [segment] = cutIntoWindows([waveformOf(ecg, start, 250, samples)], T0, T0 + 10_000);
  assert.ok(segment);
  return mapSegment(segment, 0, ecg, organisation, NOW);
};

const made: Record<string, () => unknown> = {
  "heart rate": () =>
    mapReading(readingOf(streamOf("heart-rate", "/min"), T0, 72, { utcOffsetMinutes: 60 }), organisation),
  "oxygen saturation of the demo ward": () => mapReading(readingOf(streamOf("spo2", "%"), T0 + 123, 97.5), demo),
  "temperature in Fahrenheit, as received": () =>
    mapReading(readingOf(streamOf("temp-oral", "[degF]"), T0, 98.6), organisation),
  "body weight in stone, converted for the profile": () =>
    mapReading(readingOf(streamOf("body-weight", "[stone_av]"), T0, 11), organisation),
  "glucose in mmol/L": () => mapReading(readingOf(streamOf("glucose-interstitial", "mmol/L"), T0, 5.6), organisation),
  "a value with every quality flag": () =>
    mapReading(
      readingOf(streamOf("respiratory-rate", "/min"), T0, 16, {
        ordinal: 2,
        quality: QUALITY.timeFromServer | QUALITY.conflicting | QUALITY.claimed | QUALITY.questionable,
        utcOffsetMinutes: -210,
      }),
      organisation,
    ),
  "an enumerated value": () => mapReading(readingOf(streamOf("wear-state", "1"), T0, 1), organisation),
  "blood pressure": () =>
    panel(
      readingOf(cuff("nibp-diastolic"), T0, 80),
      readingOf(cuff("nibp-systolic"), T0, 120),
      readingOf(cuff("nibp-mean"), T0, 93, { receivedAt: T0 + 900 }),
    ),
  "blood pressure in kPa without diastolic": () => panel(readingOf(cuff("nibp-systolic", "kPa"), T0, 16)),
  "a piece of an ECG with a gap": () => piece([0, 12, -4, ABSENT_SAMPLE, 7]),
  patient: () => mapPatient(patientOf(KARI, "Hansen, Kari Anne", "1948-03-21"), organisation),
  "unknown patient": () =>
    mapPatient(patientOf(KARI, "Unknown, man, bay 3", null, { isUnknown: true, sex: "unknown" }), demo),
  "merged patient": () => mapPatient(patientOf(KARI, "Kari Hansen", null, { mergedInto: HIDDEN }), organisation),
  device: () => mapDevice({ device: deviceOf("monitor-1"), association: null, ...plain }, organisation, viewOf(KARI)),
  "revoked device with an underscore": () =>
    mapDevice(
      {
        device: deviceOf("cuff_2", { revokedAt: T0, serial: null, manufacturer: null, model: null }),
        association: null,
        ...plain,
      },
      organisation,
      viewOf(KARI),
    ),
  stream: () => mapStream(streamOf("spo2", "%"), organisation, "bedside-monitor"),
  "stream of a channel": () => mapStream(streamOf("spo2", "%"), organisation, "pcd01-bedside-monitor"),
  "use of a device that ended": () =>
    mapUse(
      { id: "as-1", organisationId: organisation.id, deviceId: "cuff_2", patientId: KARI, from: T0, to: T0 + 60_000 },
      organisation,
    ),
};

for (const [name, make] of Object.entries(made)) {
  test(`${name} is mapped as its golden resource says`, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(make())), goldens[name]);
    assertValid(goldens[name]);
  });
}

test("every golden resource is made by a test", () => {
  assert.deepEqual(Object.keys(goldens).sort(), Object.keys(made).sort());
});

test("the tables name signals that exist, and accept each profile's own unit", () => {
  const named = [...Object.keys(table.vitalSigns), ...Object.values(table.categories).flat()];
  for (const key of named) assert.ok(findSignal(key), key);
  assert.equal(new Set(named).size, named.length, "a signal has one category");
  const profiles = new Map<string, object>(Object.entries(table.profiles));
  for (const [key, name] of Object.entries(table.vitalSigns)) {
    const profile = profiles.get(name);
    assert.ok(profile, name);
    if ("units" in profile) assert.ok((profile.units as string[]).includes(findSignal(key)?.ucum ?? ""), key);
  }
});

test("every numeric signal can be mapped in its own unit", () => {
  for (const { key, ucum = "1", kind } of signals) {
    if (kind === "waveform" || kind === "event") continue;
    const observation = mapReading(readingOf(streamOf(key, ucum), T0, 1), organisation);
    assert.match(observation.id ?? "", /^[A-Za-z0-9.-]{1,64}$/);
    assert.ok(observation.valueQuantity ?? observation.valueInteger, key);
  }
});

test("the patient of a device is named only to those who may see that patient", () => {
  const association = {
    id: "a",
    organisationId: organisation.id,
    deviceId: "monitor-1",
    patientId: HIDDEN,
    from: T0,
    to: null,
  };
  const device = { device: deviceOf("monitor-1"), association, ...plain };
  assert.equal(mapDevice(device, organisation, viewOf(KARI)).patient, undefined);
  assert.equal(mapDevice(device, organisation, viewOf(HIDDEN)).patient?.reference, `Patient/${HIDDEN}`);
  assert.equal(mapDevice(device, organisation, viewOf(KARI)).meta?.lastUpdated, fhirTime(T0 - 2000));
});

test("a device carries its label, its newest versions and its place, and is another version when they change", () => {
  const label = {
    agency: "GS1",
    di: "04012345000016",
    lot: "LOT7A",
    serial: "00042",
    madeOn: "2026-01-15",
    expiresOn: "2027-11-30",
    din: null,
    hrf: "(01)04012345000016(11)260115(17)271130(10)LOT7A(21)00042",
    aidc: "0104012345000016112601151727113010LOT7A\u001d2100042",
    check: "right",
    entry: "barcode",
  } as const;
  const registration = { ...NOTHING_REGISTERED, label, location: "Cupboard 3", isOutOfService: true };
  const fact = (value: string, since: number) => ({ fact: "firmware", value, since });
  const map = (facts: ReturnType<typeof fact>[]) =>
    mapDevice(
      { device: deviceOf("monitor-1"), association: null, registration, facts, clock: null },
      organisation,
      viewOf(KARI),
    );
  const device = map([fact("2.1", T0), fact("2.0", T0 - 1)]);
  const [carrier] = device.udiCarrier ?? [];
  assert.ok(carrier);
  assert.equal(carrier.issuer, "http://hl7.org/fhir/NamingSystem/gs1-di");
  assert.equal(parseUdiCarrier(carrier as FhirUdiCarrier, 2026).aidc, label.aidc);
  assert.deepEqual(
    [device.lotNumber, device.manufactureDate, device.expirationDate, device.status, device.location?.display],
    ["LOT7A", "2026-01-15", "2027-11-30", "inactive", "Cupboard 3"],
  );
  const coding = [{ system: "urn:iso:std:iso:11073:10101", code: "531976", display: "MDC_ID_PROD_SPEC_FW" }];
  assert.deepEqual(device.version, [{ type: { coding, text: "firmware" }, value: "2.1" }]);
  assert.notEqual(map([fact("2.2", T0)]).meta?.versionId, device.meta?.versionId);
  assert.equal(map([fact("2.2", T0)]).meta?.lastUpdated, device.meta?.lastUpdated, "when it spoke is not told");
});

test("device ids that FHIR does not allow, or that look like a hash, get a hash", () => {
  assert.equal(fhirDeviceId("ward.3-bed.1"), "ward.3-bed.1");
  const hashed = fhirDeviceId("a_b");
  assert.match(hashed, /^x-[0-9a-f]{40}$/);
  assert.notEqual(fhirDeviceId(hashed), hashed);
  assert.notEqual(fhirDeviceId("a_c"), hashed);
});

test("times carry the device's offset, and microseconds where there are any", () => {
  assert.equal(fhirTime(T0), "2026-11-22T06:00:00.000Z");
  assert.equal(fhirTime(T0, 60), "2026-11-22T07:00:00.000+01:00");
  assert.equal(fhirTime(T0, -210), "2026-11-22T02:30:00.000-03:30");
  assert.equal(fhirTime(T0, 0), "2026-11-22T06:00:00.000+00:00");
  assert.equal(fhirTime(T0, 2000), "2026-11-22T06:00:00.000Z");
  assert.equal(fhirTime(T0 + 2.5), "2026-11-22T06:00:00.002500Z");
  assert.equal(fhirTime(T0 + 2.9999), "2026-11-22T06:00:00.003Z");
});

test("glucose goes under the LOINC code of its unit: mass and amount of substance are never mixed", () => {
  const loinc = (signal: string, unit: string) =>
    mapReading(readingOf(streamOf(signal, unit), T0, 5.6), organisation).code.coding?.[0]?.code;
  assert.equal(loinc("glucose-interstitial", "mg/dL"), "99504-3");
  assert.equal(loinc("glucose-interstitial", "mmol/L"), "105272-9");
  assert.equal(loinc("glucose-blood", "mg/dL"), "2339-0");
  assert.equal(loinc("glucose-blood", "mmol/L"), "15074-8");
  assert.equal(loinc("glucose-blood-molar", "mmol/L"), "15074-8");
  assert.equal(loinc("glucose-blood-molar", "mg/dL"), "2339-0");
});

test("values that conflict, and other units, make panels of their own", () => {
  const panels = groupIntoPanels([
    readingOf(cuff("nibp-systolic"), T0, 120),
    readingOf(cuff("nibp-systolic"), T0, 125, { ordinal: 1 }),
    readingOf(cuff("nibp-diastolic"), T0, 80),
    readingOf(cuff("nibp-systolic", "kPa"), T0, 16),
  ]);
  assert.equal(panels.length, 3);
  assert.equal(new Set(panels.map((p) => mapBloodPressure(p, organisation).id)).size, 3);
  assert.equal(panels.flatMap(({ members }) => Object.values(members)).length, 4, "no value is lost");
});

test("a member that comes late makes the next version of the same panel", () => {
  const early = panel(readingOf(cuff("nibp-systolic"), T0, 120));
  const late = panel(readingOf(cuff("nibp-systolic"), T0, 120), readingOf(cuff("nibp-diastolic"), T0, 80));
  assert.equal(early.id, late.id);
  assert.deepEqual([early.meta?.versionId, late.meta?.versionId], ["1", "2"]);
});
