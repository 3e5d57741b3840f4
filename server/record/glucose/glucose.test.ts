import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, Observation, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { type AppAccess, QUALITY, type ResourceScope } from "@openward/model";
import { measuredPieces } from "../bulk/measured.ts";
import { everythingOf } from "../operations/everything.ts";
import { HIDDEN, KARI, NOW, OLA, readingOf, server, streamOf, viewOf, ward } from "../testing/ward.ts";
import { fortnightAt, fortnightOf } from "./fortnight.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const ZONE = "Europe/Oslo";
const CGM = "http://hl7.org/fhir/uv/cgm/StructureDefinition/";
const sensor = streamOf("glucose-interstitial", "mg/dL", { deviceId: "cgm-1" });
const CURRENT = fortnightAt(NOW, ZONE);
const before = fortnightOf(CURRENT - 1, ZONE);
const PANEL = "107931-8";
const RANGES = "106793-3";

interface Wear {
  readonly from?: number;
  readonly days?: number;
  readonly value?: (i: number) => number;
  readonly stream?: typeof sensor;
  readonly quality?: number;
}

/** A ward in which Kari wore a sensor of every five minutes. */
function worn(house: ReturnType<typeof ward>, more: Wear = {}) {
  const { from = before.from, days = 14, value = () => 120, stream = sensor, quality = 0 } = more;
  for (let i = 0; i < days * 288; i++)
    house.telemetry.add(readingOf(stream, from + i * 5 * MINUTE, value(i), { quality }));
  return house;
}

const found = (body: unknown) =>
  ((body as Bundle<Observation>).entry ?? []).flatMap(({ search, resource }) =>
    search?.mode === "match" && resource ? [resource] : [],
  );
const profileOf = ({ meta }: Observation) => meta?.profile?.[0]?.replace(CGM, "");

test("a fortnight of a sensor is told as the guide's seven Observations, which are there by id and by search", async () => {
  const { get } = server(worn(ward(), { value: (i) => [50, 60, 120, 200, 300][i % 5] as number }));
  const all = found((await get(`/fhir/Observation?patient=${KARI}&category=laboratory&code:not=99504-3`)).body);
  assert.deepEqual(all.map(profileOf), [
    "cgm-summary",
    "cgm-summary-mean-glucose-mass-per-volume",
    "cgm-summary-times-in-ranges",
    "cgm-summary-gmi",
    "cgm-summary-coefficient-of-variation",
    "cgm-summary-days-of-wear",
    "cgm-summary-sensor-active-percentage",
  ]);
  const [panel, mean, ranges, gmi, , days, active] = all;
  assert.deepEqual(
    panel?.hasMember?.map(({ reference }) => reference),
    all.slice(1).map(({ id }) => `Observation/${id}`),
  );
  assert.deepEqual(panel?.effectivePeriod, { start: before.firstDay, end: before.lastDay });
  assert.equal(panel?.status, "final");
  assert.deepEqual(mean?.valueQuantity, {
    value: 146,
    unit: "mg/dl",
    system: "http://unitsofmeasure.org",
    code: "mg/dL",
  });
  assert.deepEqual(
    ranges?.component?.map(({ code, valueQuantity }) => [code?.coding?.[0]?.code, valueQuantity?.value]),
    [
      ["104642-4", 20.01],
      ["104641-6", 20.01],
      ["97510-2", 19.99],
      ["104640-8", 19.99],
      ["104639-0", 19.99],
    ],
  );
  assert.equal(gmi?.valueQuantity?.value, 6.8);
  assert.equal(days?.valueQuantity?.value, 14);
  assert.equal(active?.valueQuantity?.value, 100);
  for (const one of all) assert.deepEqual((await get(`/fhir/Observation/${one.id}`)).body, one);
});

test("each is found by its code, its components', its value, its members, its days; and by no device", async () => {
  const { get } = server(worn(ward()));
  const search = async (query: string) => found((await get(`/fhir/Observation?patient=${KARI}&${query}`)).body);
  const [panel] = await search(`code=${PANEL}`);
  const [ranges] = await search(`code=http://loinc.org|${RANGES}`);
  assert.ok(panel && ranges);
  const only = async (query: string, wanted: Observation | undefined) =>
    assert.deepEqual(
      (await search(query)).map(({ id }) => id),
      wanted ? [wanted.id] : [],
      query,
    );
  await only("component-code=97510-2", ranges);
  await only("combo-code=104639-0", ranges);
  await only("component-code-value-quantity=97510-2$ge99", ranges);
  await only("component-code-value-quantity=97510-2$lt70", undefined);
  await only(`has-member=Observation/${ranges.id}`, panel);
  await only(`code=${PANEL}&date=${before.firstDay}`, undefined);
  await only(`code=${PANEL}&date=ge${before.firstDay}`, panel);
  await only(`code=${PANEL}&date=lt${before.firstDay}`, undefined);
  await only(`code=${PANEL}&date=le${before.lastDay}`, panel);
  await only(`code=${PANEL}&date=sa${before.lastDay}`, undefined);
  await only(`code=${PANEL}&device=Device/cgm-1`, undefined);
  await only(`code=${PANEL}&status=final`, panel);
  await only(`_id=${panel.id}&code=${PANEL}`, panel);
  await only(`_id=${panel.id}&code=${RANGES}`, undefined);
  await only(`_profile=${CGM}cgm-summary`, panel);
  await only(`code=${PANEL}&_lastUpdated=ge${panel.meta?.lastUpdated}`, panel);
  const { body } = await get(`/fhir/Observation?patient=${KARI}&code=${PANEL}&_include=Observation:has-member`);
  const modes = (body as Bundle).entry?.map(({ search: how }) => how?.mode);
  assert.deepEqual(modes, ["match", ...Array(6).fill("include")]);
});

test("they stand among the readings in order of their first day, on every page once, both ways", async () => {
  const house = worn(ward(), { from: fortnightOf(CURRENT - 3, ZONE).from, days: 2 });
  // Two fortnights of nothing lie between.
  worn(house, { from: fortnightOf(CURRENT - 6, ZONE).from, days: 2 });
  worn(house, { from: fortnightOf(CURRENT, ZONE).from, days: 2, value: () => 150 });
  const { get } = server(house);
  for (const sort of ["date", "-date"]) {
    const seen: Observation[] = [];
    let url: string | undefined =
      `/fhir/Observation?patient=${KARI}&code=${PANEL},${RANGES},97506-0&_sort=${sort}&_count=2`;
    while (url) {
      const body = (await get(url)).body as Bundle<Observation>;
      seen.push(...found(body));
      url = body.link?.find(({ relation }) => relation === "next")?.url?.replace("http://ward.example", "");
    }
    assert.equal(new Set(seen.map(({ id }) => id)).size, 9);
    const starts = seen.map(({ effectivePeriod }) => effectivePeriod?.start ?? "");
    const sorted = [...starts].sort();
    assert.deepEqual(starts, sort === "date" ? sorted : sorted.reverse());
  }
  const { body } = await get(`/fhir/Observation?patient=${KARI}&code=${PANEL}&_summary=count`);
  assert.equal((body as Bundle).total, 3);
});

test("what is not over is preliminary, too little is marked, and less than a day is not told", async () => {
  const from = fortnightOf(CURRENT, ZONE).from;
  const { get } = server(worn(ward(), { from, days: 2 }));
  const [panel] = found((await get(`/fhir/Observation?patient=${KARI}&code=${PANEL}`)).body);
  assert.equal(panel?.status, "preliminary");
  assert.match(panel?.note?.[0]?.text ?? "", /^Readings cover \d+\.\d % of the time: below 70 %/);
  const short = server(worn(ward(), { from, days: 0.9 }));
  assert.deepEqual(found((await short.get(`/fhir/Observation?patient=${KARI}&code=${PANEL}`)).body), []);
});

test("what a device itself doubts does not count, and molar sensors have the molar mean", async () => {
  const molar = streamOf("glucose-interstitial", "mmol/L", { deviceId: "cgm-2" });
  const house = worn(ward(), { stream: molar, value: () => 10 });
  worn(house, { stream: molar, value: () => 2, days: 1, from: before.from + 1, quality: QUALITY.questionable });
  const { get } = server(house);
  const [mean] = found((await get(`/fhir/Observation?patient=${KARI}&code=105273-7`)).body);
  assert.equal(mean?.valueQuantity?.value, 10);
  const [ranges] = found((await get(`/fhir/Observation?patient=${KARI}&code=${RANGES}`)).body);
  const inRange = ranges?.component?.find(({ code }) => code?.coding?.[0]?.code === "97510-2");
  assert.equal(inRange?.valueQuantity?.value, 100);
  assert.deepEqual(found((await get(`/fhir/Observation?patient=${KARI}&code=97507-8`)).body), []);
});

test("another reading makes another version, and the same readings the same one", async () => {
  const house = worn(ward(), { days: 13 });
  const read = async () => found((await server(house).get(`/fhir/Observation?patient=${KARI}&code=97506-0`)).body)[0];
  const first = await read();
  assert.deepEqual(await read(), first);
  house.telemetry.add(readingOf(sensor, before.to - MINUTE, 400, { receivedAt: NOW - 5 }));
  const next = await read();
  assert.equal(next?.id, first?.id);
  assert.notEqual(next?.meta?.versionId, first?.meta?.versionId);
  assert.equal(Date.parse(next?.meta?.lastUpdated ?? ""), NOW - 5);
});

test("the days are the patient's", () => {
  // Clocks went back on 2026-10-25: a fortnight over it is an hour longer.
  const over = fortnightOf(fortnightAt(Date.UTC(2026, 9, 25), ZONE), ZONE);
  assert.equal(over.to - over.from, 14 * DAY + 3_600_000);
  assert.equal(new Date(over.from).toISOString().slice(11), "22:00:00.000Z");
  assert.equal(fortnightAt(over.from, ZONE), over.index);
  assert.equal(fortnightAt(over.from - 1, ZONE), over.index - 1);
  assert.equal(fortnightAt(over.to, ZONE), over.index + 1);
});

test("nobody but who sees the glucose is told what it comes to", async () => {
  const hidden = worn(ward(viewOf(OLA)));
  worn(hidden, { stream: streamOf("glucose-interstitial", "mg/dL", { patientId: HIDDEN, deviceId: "cgm-3" }) });
  const seen = found((await server(worn(ward())).get(`/fhir/Observation?code=${PANEL}`)).body);
  assert.equal(seen.length, 1);
  const { get } = server(hidden);
  assert.deepEqual(found((await get(`/fhir/Observation?code=${PANEL}`)).body), []);
  assert.equal((await get(`/fhir/Observation/${seen[0]?.id}`)).status, 404);
  // Consent hides the kind of data while others of the patient are seen.
  const house = worn(ward());
  const view = { ...viewOf(KARI), hiddenOf: () => new Set(["glucose", "other"]) };
  const kept = server({ ...house, context: { ...house.context, view } });
  assert.equal((await kept.get(`/fhir/Observation/${seen[0]?.id}`)).status, 404);
});

const scope = (query: [string, string][]): ResourceScope => ({
  compartment: "patient",
  type: "Observation",
  interactions: "rs",
  query,
});

test("a scope that names the readings does not reach what they come to", async () => {
  const seenBy = async (query: [string, string][]) => {
    const house = worn(ward());
    const app: AppAccess = {
      ...{ clientId: "app", name: "App", scopes: [scope(query)], patientId: KARI, fhirUser: null, endsWith: [] },
    };
    const { get } = server({ ...house, context: { ...house.context, app } });
    const [panel] = found((await server(house).get(`/fhir/Observation?patient=${KARI}&code=${PANEL}`)).body);
    const { status } = await get(`/fhir/Observation/${panel?.id}`);
    const { body } = await get(`/fhir/Observation?code=${PANEL}`);
    return { status, found: found(body).length };
  };
  assert.deepEqual(await seenBy([["code", "http://loinc.org|99504-3"]]), { status: 404, found: 0 });
  assert.deepEqual(await seenBy([["category", "laboratory"]]), { status: 200, found: 1 });
  assert.deepEqual(await seenBy([]), { status: 200, found: 1 });
});

test("everything about a patient and an export have them too, each once", async () => {
  const house = worn(ward());
  const { context } = house;
  const parts = everythingOf({ ...context, view: viewOf(KARI) }, KARI);
  const told: Resource[] = [];
  for (const part of parts) if (part.type === "Observation") for await (const one of part.resources()) told.push(one);
  assert.equal(told.filter(({ meta }) => meta?.profile?.[0]?.startsWith(`${CGM}cgm-summary`)).length, 7);

  const { get } = server(house);
  const { body } = await get(`/fhir/Patient/${KARI}/$everything?_type=Observation&start=${before.lastDay}&_count=1000`);
  assert.equal(summariesIn(body), 7);

  const request = { types: ["Observation"], filters: {}, patientIds: undefined, since: undefined } as never;
  const lines: string[] = [];
  for await (const { text } of measuredPieces(context, request, KARI, null, (one) => `${JSON.stringify(one)}\n`))
    lines.push(...text.trim().split("\n"));
  assert.equal(lines.filter((line) => line.includes(`${CGM}cgm-summary`)).length, 7);
  const filters = { Observation: [`code=${RANGES}`] };
  const some: string[] = [];
  for await (const { text } of measuredPieces(
    context,
    { types: ["Observation"], filters, patientIds: undefined, since: undefined } as never,
    KARI,
    null,
    (one) => `${JSON.stringify(one)}\n`,
  ))
    some.push(...text.trim().split("\n"));
  assert.deepEqual(
    some.map((line) => profileOf(JSON.parse(line))),
    ["cgm-summary-times-in-ranges"],
  );
});

const summariesIn = (body: unknown) =>
  ((body as Bundle<Observation>).entry ?? []).filter(({ resource }) =>
    profileOf(resource as Observation)?.startsWith("cgm-summary"),
  ).length;

test("an id that is nobody's fortnight is not found", async () => {
  const { get } = server(worn(ward()));
  const base = `g${KARI.replaceAll("-", "")}`;
  for (const id of [`${base}s0000`, `${base}szzzz`, `${base}z0000`, `g${HIDDEN.replaceAll("-", "")}s0000`]) {
    const { status, body } = await get(`/fhir/Observation/${id}`);
    assert.equal(status, 404, id);
    assert.equal((body as OperationOutcome).resourceType, "OperationOutcome");
  }
});
