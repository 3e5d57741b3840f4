import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation, OperationOutcome, Parameters } from "@medplum/fhirtypes";
import { HIDDEN, KARI, NOW, readingOf, server, streamOf, T0, ward } from "../testing/ward.ts";
import { statistics } from "./statistics.ts";

const heart = streamOf("heart-rate", "/min");
const celsius = streamOf("body-temperature", "Cel");
const fahrenheit = streamOf("body-temperature", "[degF]", { deviceId: "thermometer-2" });
const systolic = streamOf("nibp-systolic", "mm[Hg]");

const house = ward();
for (let i = 0; i < 60; i++) house.telemetry.add(readingOf(heart, T0 + i * 60_000, 60 + (i % 10)));
house.telemetry.add(readingOf(celsius, T0, 36));
house.telemetry.add(readingOf(celsius, T0 + 60_000, 38));
house.telemetry.add(readingOf(fahrenheit, T0 + 120_000, 98.6));
house.telemetry.add(readingOf(systolic, T0, 120));
house.telemetry.add(readingOf(streamOf("heart-rate", "/min", { patientId: HIDDEN }), T0, 44));
const { get, app } = server(house);

const LOINC = "system=http://loinc.org";
async function stats(query: string): Promise<Observation> {
  const { status, body } = await get(`/fhir/Observation/$stats?${query}`);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as Parameters).parameter?.[0]?.resource as Observation;
}
const told = (observation: Observation) =>
  Object.fromEntries(
    (observation.component ?? []).map(({ code, valueQuantity }) => [
      code.text ?? code.coding?.[0]?.code,
      valueQuantity ? [valueQuantity.value, valueQuantity.code] : null,
    ]),
  );
const every = Object.keys(statistics).join(",");

test("every statistic of R4 over all of a patient's readings, as the book has it", async () => {
  const observation = await stats(`subject=Patient/${KARI}&code=8867-4&${LOINC}&statistic=${every}`);
  // Six times 60 to 69, a reading a minute: R's quantile(type = 7), sd and var, moments of all 60.
  assert.deepEqual(told(observation), {
    average: [64.5, "/min"],
    maximum: [69, "/min"],
    minimum: [60, "/min"],
    count: [60, "1"],
    "total-count": [60, "1"],
    median: [64.5, "/min"],
    "std-dev": [Number(Math.sqrt(495 / 59).toPrecision(15)), "/min"],
    sum: [3870, "/min"],
    variance: [Number((495 / 59).toPrecision(15)), "/min/min"],
    "20-percent": [61.8, "/min"],
    "80-percent": [67.2, "/min"],
    "4-lower": [62, "/min"],
    "4-upper": [67, "/min"],
    "4-dev": [2.5, "/min"],
    "5-1": [61.8, "/min"],
    "5-2": [63.6, "/min"],
    "5-3": [65.4, "/min"],
    "5-4": [67.2, "/min"],
    skew: [0, "1"],
    kurtosis: [Number((120.8625 / 8.25 ** 2).toPrecision(15)), "1"],
    "Regression: gradient": told(observation)["Regression: gradient"],
    "Regression: intercept": told(observation)["Regression: intercept"],
  });
  const [gradient, unit] = told(observation)["Regression: gradient"] ?? [];
  // Least squares of i % 10 over i of 0 to 59, for an hour.
  const slope = (495 / 17_995) * 60;
  assert.ok(Math.abs(Number(gradient) - slope) < 1e-9, `${gradient} is not ${slope}`);
  assert.equal(unit, "/min/h");
  assert.equal(observation.effectivePeriod?.end, new Date(NOW).toISOString());
  assert.equal(observation.note, undefined, "all of it is exact");
});

test("the last hours, or a period of which the days are the patient's", async () => {
  const half = await stats(`subject=${KARI}&code=8867-4&${LOINC}&statistic=count,maximum&duration=0.5`);
  assert.deepEqual(told(half), { count: [30, "1"], maximum: [69, "/min"] });
  const parameter = (start: string, end: string) => [
    { name: "subject", valueUri: `Patient/${KARI}` },
    { name: "coding", valueCoding: { system: "http://loinc.org", code: "8867-4" } },
    { name: "statistic", valueCode: "count" },
    { name: "period", valuePeriod: { start, end } },
    { name: "include", valueBoolean: true },
    { name: "limit", valuePositiveInt: 2 },
  ];
  const posted = async (start: string, end: string) => {
    const answer = await app.inject({
      method: "POST",
      url: "/fhir/Observation/$stats",
      headers: { authorization: "Bearer good", "content-type": "application/fhir+json" },
      payload: { resourceType: "Parameters", parameter: parameter(start, end) },
    });
    return (answer.json() as Parameters).parameter?.map(({ resource }) => resource as Observation) ?? [];
  };
  const [ten, ...sources] = await posted("2026-11-22T06:10:00Z", "2026-11-22T06:19:00Z");
  assert.deepEqual(told(ten as Observation), { count: [10, "1"] });
  assert.deepEqual(
    sources.map(({ valueQuantity }) => valueQuantity?.value),
    [69, 68],
  );
  // In Oslo it is the 22nd from 23:00 UTC on.
  assert.deepEqual(told((await posted("2026-11-22", "2026-11-22"))[0] as Observation), { count: [60, "1"] });
  assert.deepEqual(told((await posted("2026-11-21", "2026-11-21"))[0] as Observation), { count: [0, "1"] });
});

test("several units become the signal's own, and differences of temperatures are kelvin", async () => {
  const query = `subject=Patient/${KARI}&code=8310-5&statistic=average,maximum,std-dev,variance`;
  assert.deepEqual(told(await stats(query)), {
    average: [37, "Cel"],
    maximum: [38, "Cel"],
    "std-dev": [1, "K"],
    variance: [1, "K.K"],
  });
});

test("a component of a blood pressure has statistics, the panel has none", async () => {
  const query = `subject=Patient/${KARI}&${LOINC}&statistic=maximum`;
  assert.deepEqual(told(await stats(`${query}&code=8480-6`)), { maximum: [120, "mm[Hg]"] });
  const { status, body } = await get(`/fhir/Observation/$stats?${query}&code=85354-9`);
  assert.equal(status, 400);
  assert.deepEqual((body as OperationOutcome).issue[0]?.expression, ["http.code"]);
});

test("of whom nobody may see there is nothing, and what is wrong of the question is named", async () => {
  const query = `${LOINC}&code=8867-4&statistic=count,average`;
  assert.deepEqual(told(await stats(`subject=Patient/${HIDDEN}&${query}`)), { count: [0, "1"], average: null });
  for (const [wrong, at] of [
    [query, "http.subject"],
    [`subject=${KARI}&statistic=count`, "http.code"],
    [`subject=${KARI}&code=8867-4&statistic=mode`, "http.statistic"],
    [`subject=${KARI}&${query}&duration=-1`, "http.duration"],
    [`subject=${KARI}&${query}&colour=red`, "http.colour"],
  ]) {
    const { status, body } = await get(`/fhir/Observation/$stats?${wrong}`);
    assert.equal(status, 400);
    assert.deepEqual((body as OperationOutcome).issue[0]?.expression, [at]);
  }
});
