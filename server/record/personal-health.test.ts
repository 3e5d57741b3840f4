import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Device, Observation } from "@medplum/fhirtypes";
import { type ClockState, NOTHING_REGISTERED, QUALITY } from "@openward/model";
import { createLineMaker } from "./bulk/lines.ts";
import { GATEWAY_ID } from "./resources/gateway.ts";
import { deviceOf, HIDDEN, KARI, organisation, readingOf, server, streamOf, T0, ward } from "./testing/ward.ts";

const PHD = "http://hl7.org/fhir/uv/phd/StructureDefinition/";
const pulse = streamOf("pulse-rate-spo2", "/min", { deviceId: "oximeter" });
const systolic = streamOf("nibp-systolic", "mm[Hg]", { deviceId: "cuff" });
const diastolic = streamOf("nibp-diastolic", "mm[Hg]", { deviceId: "cuff" });
const worn = streamOf("wear-state", "1", { deviceId: "strap" });

const clockOf = (deviceId: string, more: Partial<ClockState> = {}): ClockState => ({
  ...{ organisationId: organisation.id, deviceId, sequence: 4, decidedAt: T0, kind: "step", leadsTo: "corrected" },
  ...{ isCertain: true, from: 0, after: null, appliesFrom: null, at: T0 - 9, aheadMs: 61_500, drift: 0 },
  ...{ driftBound: 0.001, belowMs: 20, aboveMs: 30, sightings: 3 },
  ...more,
});

/** Kari has a cuff, an oximeter and a strap at home; somebody who is not seen has a scale. */
function home(limits = false) {
  const house = ward();
  const add = (id: string, type: string, patientId: string | null, clock: ClockState | null) =>
    house.devices.push({
      device: deviceOf(id, { type }),
      association:
        patientId === null
          ? null
          : { id: `as-${id}`, organisationId: organisation.id, deviceId: id, patientId, from: T0 - 100, to: null },
      registration: NOTHING_REGISTERED,
      facts: [],
      clock,
    });
  add("oximeter", "agent-pulse-oximeter", KARI, clockOf("oximeter"));
  add("cuff", "bluetooth-blood-pressure", KARI, null);
  add("strap", "polar-h10", KARI, null);
  add("scale", "agent-scale", HIDDEN, clockOf("scale"));
  add("drawer", "agent-thermometer", null, clockOf("drawer", { leadsTo: "quarantined", at: T0 - 60_000 }));
  house.telemetry.add(readingOf(pulse, T0, 64));
  house.telemetry.add(readingOf(pulse, T0 + 1_000, 65, { quality: QUALITY.questionable }));
  house.telemetry.add(readingOf(systolic, T0 + 2_000, 121));
  house.telemetry.add(readingOf(diastolic, T0 + 2_000, 78));
  house.telemetry.add(readingOf(worn, T0 + 3_000, 1));
  const limitsAt = () => ({ low: 50, high: 100, criticalLow: null, criticalHigh: null });
  return { house, ...server(limits ? { ...house, context: { ...house.context, limitsAt } } : house) };
}

const found = <T extends Observation | Device>(body: unknown) =>
  ((body as Bundle<T>).entry ?? []).flatMap(({ resource, search }) =>
    resource && search?.mode === "match" ? [resource] : [],
  );
const phdOf = ({ meta }: Observation) =>
  meta?.profile?.filter((url) => url.startsWith(PHD)).map((url) => url.slice(PHD.length));
const gatewayOf = ({ extension }: Observation) => extension?.[0]?.valueReference?.reference;

test("what a personal health device measured declares the guide's profile of its kind, and the gateway", async () => {
  const { get } = home();
  const all = found<Observation>((await get(`/fhir/Observation?patient=${KARI}&_sort=date`)).body);
  assert.deepEqual(all.map(phdOf), [
    ["PhdNumericObservation"],
    ["PhdNumericObservation"],
    ["PhdCompoundNumericObservation"],
    // MDC has no term for it.
    undefined,
  ]);
  for (const one of all.slice(0, 3)) {
    assert.equal(gatewayOf(one), `Device/${GATEWAY_ID}`);
    assert.ok(one.category?.some(({ coding }) => coding?.[0]?.code === "phd"));
  }
  assert.equal(gatewayOf(all[3] as Observation), undefined);
  const gateway = (await get(`/fhir/Device/${GATEWAY_ID}`)).body as Device;
  assert.deepEqual(gateway.meta?.profile, [`${PHD}PhgDevice`]);
  assert.ok(found<Device>((await get("/fhir/Device")).body).some(({ id }) => id === GATEWAY_ID));
});

test("what the device doubts is its measurement status", async () => {
  const { get } = home();
  const [, doubted] = found<Observation>((await get(`/fhir/Observation?code=8889-8&_sort=date`)).body);
  assert.deepEqual(doubted?.interpretation?.[0]?.coding, [
    {
      system: "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status",
      code: "questionable",
      display: "Questionable",
    },
  ]);
});

test("a judgement by the patient's limits keeps the profile from being declared, and nothing else", async () => {
  const { get } = home(true);
  const [plain] = found<Observation>((await get(`/fhir/Observation?code=8889-8&_sort=date`)).body);
  assert.equal(plain?.interpretation?.[0]?.coding?.[0]?.code, "N");
  assert.deepEqual(plain && phdOf(plain), []);
  assert.equal(plain && gatewayOf(plain), `Device/${GATEWAY_ID}`);
});

test("an export writes the same as a search finds", async () => {
  const { get, house } = home();
  const [plain] = found<Observation>((await get(`/fhir/Observation?code=8889-8&_sort=date`)).body);
  const columns = house.telemetry.columns(house.context.view, pulse.id, { from: T0, to: T0 + 1, isDescending: false });
  const lineOf = createLineMaker(pulse, organisation, house.context.typeOf);
  for await (const some of columns) assert.deepEqual(JSON.parse(lineOf?.(some, 0) ?? ""), plain);
});

test("what a clock showed is found by its device, its code, its time and its id", async () => {
  const { get } = home();
  const ask = async (query: string) => found<Observation>((await get(`/fhir/Observation?${query}`)).body);
  const [coin, ...others] = await ask("subject=Device/oximeter");
  assert.equal(others.length, 0);
  assert.deepEqual(coin?.meta?.profile, [`${PHD}PhdCoincidentTimeStampObservation`]);
  assert.equal(Date.parse(coin?.valueDateTime ?? "") - Date.parse(coin?.effectiveDateTime ?? ""), 61_500);
  assert.equal(coin?.device?.reference, `Device/${GATEWAY_ID}`);
  assert.deepEqual((await get(`/fhir/Observation/${coin?.id}`)).body, coin);
  const ids = async (query: string) => (await ask(query)).map(({ subject }) => subject?.reference);
  // The scale is on somebody who is not seen.
  assert.deepEqual(await ids("code=urn:iso:std:iso:11073:10101|67975"), ["Device/oximeter", "Device/drawer"]);
  assert.deepEqual(await ids("code=67975&_sort=date&_count=1"), ["Device/drawer"]);
  assert.deepEqual(await ids(`device=Device/${GATEWAY_ID}&date=ge2026-11-22T05:59:59Z`), ["Device/oximeter"]);
  assert.deepEqual(await ids(`code=67975&patient=${KARI}`), []);
  assert.deepEqual(await ids(`_id=${coin?.id}`), ["Device/oximeter"]);
  assert.deepEqual(await ids(`_id=${coin?.id}&subject=Patient/${KARI}`), []);
  const [fault] = await ask("subject=Device/drawer");
  assert.equal(fault?.valueDateTime, undefined);
  assert.equal(fault?.dataAbsentReason?.coding?.[0]?.code, "unknown");
  const every = await ask("_sort=-date");
  assert.equal(new Set(every.map(({ id }) => id)).size, 6);
});

test("pages go over clocks and readings once, in order of time", async () => {
  const { get } = home();
  for (const sort of ["date", "-date"]) {
    const times: number[] = [];
    let url: string | undefined = `/fhir/Observation?_sort=${sort}&_count=1`;
    while (url) {
      const body = (await get(url)).body as Bundle<Observation>;
      times.push(...found<Observation>(body).map(({ effectiveDateTime = "" }) => Date.parse(effectiveDateTime)));
      url = body.link?.find(({ relation }) => relation === "next")?.url?.replace("http://ward.example", "");
    }
    assert.equal(times.length, 6);
    const sorted = [...times].sort((a, b) => a - b);
    assert.deepEqual(times, sort === "date" ? sorted : sorted.reverse());
  }
});
