import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { Bundle, OperationOutcome, Resource } from "@medplum/fhirtypes";
import { type AskFhir, askFhir } from "./fhir.ts";
import { type RunningWard, root } from "./ward.ts";

export const SOURCE = "https://hospital.example/fhir";
const COUNTS = "urn:openward:import";

export interface Outcome {
  readonly transactionTime: string;
  readonly output: readonly {
    readonly inputUrl: string;
    readonly count: number;
    readonly extension: Readonly<Record<string, { created: number; updated: number; unchanged: number }>>;
  }[];
  readonly error: readonly { readonly inputUrl: string; readonly count: number; readonly url: string }[];
}

export const linesOf = (resources: readonly object[]) => resources.map((one) => `${JSON.stringify(one)}\n`).join("");
export const asPath = (url: string) => new URL(url).pathname.replace("/fhir/", "");

/** @returns where it is asked for */
export async function begin(
  by: AskFhir,
  input: readonly { readonly type: string; readonly url: string }[],
  { source = SOURCE }: { source?: string } = {},
): Promise<string> {
  const manifest = { inputFormat: "application/fhir+ndjson", inputSource: source, input };
  const begun = await by("POST", "$import", manifest, {
    "content-type": "application/json",
    prefer: "respond-async",
  });
  assert.equal(begun.status, 202, begun.text);
  return asPath(begun.headers.get("content-location") ?? "");
}

export async function outcomeOf(by: AskFhir, job: string): Promise<Outcome> {
  for (const end = performance.now() + 180_000; performance.now() < end; await wait(50)) {
    const { status, json, text, headers } = await by("GET", job);
    if (status === 200) return json as Outcome;
    assert.equal(status, 202, text);
    assert.ok(headers.get("retry-after"));
    assert.ok((headers.get("x-progress") ?? "").length < 100);
    assert.match(headers.get("x-progress") ?? "", /^(fetching|writing): /);
  }
  throw new Error("an import did not end within three minutes");
}

/** "made,changed,left" of each file. */
export const countsOf = ({ output }: Outcome) =>
  output.map(({ extension }) => Object.values(extension[COUNTS] ?? {}).join());

export async function errorsOf(by: AskFhir, { error }: Outcome): Promise<OperationOutcome[]> {
  const all: OperationOutcome[] = [];
  for (const { url, count } of error) {
    const { status, headers, text } = await by("GET", asPath(url));
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^application\/fhir\+ndjson/);
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, count);
    all.push(...lines.map((line) => JSON.parse(line) as OperationOutcome));
  }
  return all;
}

const named = (one: Resource) =>
  one.meta?.extension?.find(({ url }) => url.endsWith("/import-source"))?.valueIdentifier?.value;

/** What was imported, by the names that its source has. */
export async function importedOf(by: AskFhir, type: string): Promise<Map<string, Resource>> {
  const found = new Map<string, Resource>();
  for (let next: string | undefined = `${type}?_count=500`; next !== undefined; ) {
    const bundle = (await by("GET", next)).json as Bundle;
    for (const { resource } of bundle.entry ?? []) {
      const name = resource && named(resource);
      if (resource && name !== undefined) found.set(name, resource);
    }
    next = bundle.link?.find(({ relation }) => relation === "next")?.url;
  }
  return found;
}

/** Everything of a source, by the names that it has there, and those names by what each is called here. */
export async function carriedOver(by: AskFhir, types: Iterable<string>, source: string) {
  const here = new Map<string, Resource>();
  for (const type of types)
    for (const [name, one] of await importedOf(by, type)) if (one.meta?.source === source) here.set(name, one);
  const names = new Map([...here].map(([name, one]) => [`${one.resourceType}/${one.id}`, name]));
  return { here, names };
}

/** Ids and what is said of where it came from are others by intention. */
export function comparable(one: Resource, names: ReadonlyMap<string, string>): unknown {
  const { id: _id, meta: _meta, ...rest } = one;
  return JSON.parse(
    JSON.stringify(rest).replace(/"(?:[A-Z][A-Za-z]+\/[^"/]+|urn:uuid:[0-9a-f-]{36})"/g, (text) => {
      const name = names.get(text.slice(1, -1));
      return name === undefined ? text : `"${name}"`;
    }),
  );
}

interface Manifest {
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
}

/** A whole house, as its files. */
export async function exportedBy(
  ward: Pick<RunningWard, "url">,
  token: string,
): Promise<{ manifest: Manifest; texts: string[] }> {
  const by = askFhir(ward, token);
  const begun = await by("GET", "$export", undefined, { prefer: "respond-async" });
  assert.equal(begun.status, 202, begun.text);
  for (;;) {
    const { status, json } = await by("GET", asPath(begun.headers.get("content-location") ?? ""));
    if (status !== 200) {
      await wait(50);
      continue;
    }
    const manifest = json as Manifest;
    const texts: string[] = [];
    for (const { url } of manifest.output) texts.push((await by("GET", asPath(url))).text);
    return { manifest, texts };
  }
}

export const PATIENTS = [
  { resourceType: "Patient", id: "p1", name: [{ family: "Berg", given: ["Anna"] }], birthDate: "1950-02-03" },
  { resourceType: "Patient", id: "p2", name: [{ family: "Dahl" }], gender: "male" },
];
export const conditionOf = (id: string, patient: string, more: object = {}) => ({
  resourceType: "Condition",
  id,
  code: { text: "asthma" },
  subject: { reference: `Patient/${patient}` },
  ...more,
});
export const weightOf = (id: string, value: number, more: object = {}) => ({
  resourceType: "Observation",
  id,
  status: "final",
  code: { coding: [{ system: "http://loinc.org", code: "29463-7" }] },
  subject: { reference: `${SOURCE}/Patient/p1` },
  effectiveDateTime: `2026-11-0${1 + (Math.floor(value) % 9)}T08:00:00Z`,
  valueQuantity: { value, system: "http://unitsofmeasure.org", code: "kg" },
  ...more,
});

export const SYNTHEA = join(root, "../shared/data/fhir/synthea");

/** Lives that Synthea made, as Bulk Data has them: by type. */
export function syntheaByType(people: number): Map<string, Resource[]> {
  const byType = new Map<string, Resource[]>();
  const names = readdirSync(SYNTHEA)
    .filter((name) => name.endsWith(".json.gz"))
    .slice(0, people);
  for (const name of names) {
    const bundle = JSON.parse(gunzipSync(readFileSync(join(SYNTHEA, name))).toString("utf8")) as Bundle;
    for (const { resource, fullUrl } of bundle.entry ?? []) {
      if (!resource) continue;
      const id = resource.id ?? fullUrl?.replace("urn:uuid:", "");
      byType.set(resource.resourceType, [
        ...(byType.get(resource.resourceType) ?? []),
        { ...resource, id } as Resource,
      ]);
    }
  }
  return byType;
}
