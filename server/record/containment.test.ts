import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Device, DeviceMetric, DeviceUseStatement, Observation } from "@medplum/fhirtypes";
import { NOTHING_REGISTERED } from "@openward/model";
import { readingId } from "./observation-id.ts";
import { deviceOf, HIDDEN, KARI, readingOf, server, streamOf, T0, ward } from "./testing/ward.ts";

const MDC = "urn:iso:std:iso:11073:10101";
/** A monitor with channels on Kari, another with a long id and an underscore on somebody who is hidden. */
const LONG = `icu_${"m".repeat(56)}`;

function house() {
  const made = ward();
  const association = {
    id: "00000000-0000-4000-8000-0000000000d1",
    organisationId: "o",
    deviceId: "icu-7",
    patientId: KARI,
    from: T0 - 100,
    to: null,
  };
  const label = {
    di: "04012345000016",
    agency: "GS1",
    lot: null,
    madeOn: null,
    expiresOn: null,
    din: null,
    serial: null,
    hrf: "(01)04012345000016",
    aidc: "0104012345000016",
    entry: "manual",
  } as const;
  const monitor = deviceOf("icu-7", { type: "pcd01-bedside-monitor" });
  const registration = { ...NOTHING_REGISTERED, location: "Bay 4, window", label: label as never };
  made.devices.push({ device: monitor, association, registration, facts: [], clock: null });
  const hidden = { ...association, id: "00000000-0000-4000-8000-0000000000d2", deviceId: LONG, patientId: HIDDEN };
  made.devices.push({
    device: deviceOf(LONG, { type: "pcd01-bedside-monitor" }),
    association: hidden,
    registration: NOTHING_REGISTERED,
    facts: [],
    clock: null,
  });
  for (const [signal, unit] of [
    ["spo2", "%"],
    ["heart-rate", "/min"],
    ["respiratory-rate", "/min"],
    ["nibp-systolic", "mm[Hg]"],
    ["nibp-diastolic", "mm[Hg]"],
  ] as const) {
    made.telemetry.add(readingOf(streamOf(signal, unit, { deviceId: "icu-7" }), T0, 97));
  }
  return made;
}

const { get } = server(house());
const read = async <T>(path: string) => {
  const { status, body } = await get(`/fhir/${path}`);
  assert.equal(status, 200, `${path} ${JSON.stringify(body)}`);
  return body as T;
};
const idsOf = async (query: string) =>
  ((await read<Bundle>(query)).entry ?? []).map(({ resource }) => resource?.id).sort();

test("a metric hangs in its channel, the channel in its VMD, the VMD in the device", async () => {
  const spo2 = await read<DeviceMetric>(`DeviceMetric/${streamOf("spo2", "%", { deviceId: "icu-7" }).id}`);
  assert.equal(spo2.source?.reference, "Device/icu-7");
  const channel = await read<Device>(spo2.parent?.reference ?? "");
  assert.deepEqual(channel.type?.coding, [{ system: MDC, code: "70675", display: "MDC_DEV_PULS_CHAN" }]);
  const vmd = await read<Device>(channel.parent?.reference ?? "");
  assert.deepEqual(vmd.type?.coding, [{ system: MDC, code: "69642", display: "MDC_DEV_ANALY_SAT_O2_VMD" }]);
  assert.equal(vmd.parent?.reference, "Device/icu-7");
  assert.deepEqual(
    [spo2, channel, vmd].map(({ meta }) => meta?.profile?.map((url) => url.split("/").at(-1))),
    [["NumericDeviceMetric"], ["ChannelDevice"], ["VmdDevice"]],
  );
  assert.equal(channel.patient, undefined, "the guide names the patient at the whole device only");
  const mds = await read<Device>("Device/icu-7");
  assert.ok(mds.type?.coding?.some(({ system, code }) => system === MDC && code === "69965"));
  assert.equal(mds.parent, undefined);
  // What the type does not place hangs in the device.
  const rate = await read<DeviceMetric>(
    `DeviceMetric/${streamOf("respiratory-rate", "/min", { deviceId: "icu-7" }).id}`,
  );
  assert.equal(rate.parent?.reference, "Device/icu-7");
});

test("parts are found by what they are part of, by type and by id, and stand in no list of devices", async () => {
  assert.deepEqual(await idsOf("Device?parent=icu-7"), ["icu-7.vmd-1", "icu-7.vmd-2", "icu-7.vmd-3"]);
  assert.deepEqual(await idsOf("Device?parent=Device/icu-7.vmd-2"), ["icu-7.chan-2", "icu-7.chan-3"]);
  // A part names no patient: its device does.
  assert.deepEqual(await idsOf(`Device?type=${MDC}|70675&patient=${KARI}`), []);
  assert.deepEqual(await idsOf(`Device?type=${MDC}|70675&_id=icu-7.chan-2`), ["icu-7.chan-2"]);
  assert.deepEqual(await idsOf("Device?_id=icu-7.chan-1"), ["icu-7.chan-1"]);
  assert.deepEqual(await idsOf(`Device?patient=${KARI}`), ["icu-7", "monitor-1"]);
  const saturation = streamOf("spo2", "%", { deviceId: "icu-7" }).id;
  assert.deepEqual(await idsOf("DeviceMetric?parent=icu-7.chan-2"), [saturation]);
  assert.deepEqual(await idsOf(`DeviceMetric?parent=icu-7.chan-2&category=setting`), []);
  for (const path of ["Device/icu-7.vmd-9", "Device/icu-7.chan-99", "Device/monitor-1.vmd-1", "Device/nobody.vmd-1"]) {
    assert.equal((await get(`/fhir/${path}`)).status, 404, path);
  }
});

test("a device whose id is too long for its parts has a hash before them, and a part names no patient who is hidden", async () => {
  const vmds = (await idsOf(`Device?type=${MDC}|69798`)).filter((id) => id !== "icu-7.vmd-1");
  assert.equal(vmds.length, 1);
  assert.match(vmds[0] ?? "", /^x-[0-9a-f]{40}\.vmd-1$/);
  assert.equal((await read<Device>(`Device/${vmds[0]}`)).patient, undefined);
});

test("at the point of care an Observation is of its metric, a panel of its channel; elsewhere of the device", async () => {
  const stream = streamOf("heart-rate", "/min", { deviceId: "icu-7" });
  const alone = await read<Observation>(`Observation/${readingId(stream.id, T0, 0)}`);
  assert.equal(alone.device?.reference, `DeviceMetric/${stream.id}`);
  const measured = async (query: string) =>
    ((await read<Bundle>(`Observation?patient=${KARI}&${query}`)).entry ?? []).map(
      ({ resource }) => (resource as Observation).device?.reference,
    );
  assert.deepEqual(await measured(`device=DeviceMetric/${stream.id}`), [`DeviceMetric/${stream.id}`]);
  assert.deepEqual(await measured("device=Device/icu-7&code=85354-9"), ["Device/icu-7.chan-4"]);
  assert.deepEqual(await measured("device=icu-7&code=9279-1"), ["Device/icu-7"]);
});

test("a device is found by label, name, maker, model, state and place", async () => {
  for (const [query, ids] of [
    ["udi-di=0401234", ["icu-7"]],
    ["udi-carrier=(01)0401", ["icu-7"]],
    ["udi-di=0999", []],
    ["location:text=bay%204", ["icu-7"]],
    ["device-name=Monitor%20icu-7", ["icu-7"]],
    ["manufacturer=acme&model=m-1&status=active&_id=icu-7", ["icu-7"]],
    ["status=inactive", []],
  ] as const) {
    assert.deepEqual(await idsOf(`Device?${query}`), ids, query);
  }
  assert.deepEqual(await idsOf("Device?location=bay"), [], "a place is no resource that a reference could name");
});

test("who wore what is told of patients who are seen, and of no other", async () => {
  const use = await read<DeviceUseStatement>("DeviceUseStatement/00000000-0000-4000-8000-0000000000d1");
  assert.deepEqual(
    [use.status, use.subject.reference, use.device.reference, use.timingPeriod?.end],
    ["active", `Patient/${KARI}`, "Device/icu-7", undefined],
  );
  assert.equal((await get("/fhir/DeviceUseStatement/00000000-0000-4000-8000-0000000000d2")).status, 404);
  assert.deepEqual(await idsOf("DeviceUseStatement?device=icu-7"), [use.id]);
  assert.deepEqual(await idsOf(`DeviceUseStatement?subject=Patient/${KARI}&identifier=${use.id}`), [use.id]);
  assert.deepEqual(await idsOf(`DeviceUseStatement?patient=${HIDDEN}`), []);
  assert.equal((await idsOf("DeviceUseStatement")).length, 2, "of the two devices of Kari");
});
