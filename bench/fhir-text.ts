import { evalFhirPath, stringify } from "@medplum/core";
import { type Fhir, parseFhir, parseResource, printFhir } from "@openward/fhir/json";
import { applyFhirPathPatch, applyJsonPatch } from "@openward/fhir/patch";
import { fhirPath } from "@openward/fhir/path";
import { applyView, parseView } from "@openward/fhir/view";
import { applyPatch } from "rfc6902";
import { officialExamples } from "../packages/fhir/testing/examples.ts";
import { type Row, thousands } from "./support.ts";

const FOR_MS = 300;
const TIMES = 7;

const observation = (value: string) =>
  `{"resourceType":"Observation","id":"o1","meta":{"versionId":"1","lastUpdated":"2026-03-01T10:00:01.000Z"},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-01T10:00:00+01:00","valueQuantity":{"value":${value},"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`;

/** What `JSON.parse` with source access costs: each value goes through a function. */
const bySource = (text: string) =>
  JSON.parse(text, (_, value, context?: { source?: string }) =>
    typeof value === "number" && String(value) !== context?.source ? new Number(value) : value,
  );

/** Text, paths, patches and views of FHIR on one core, beside what others do, each in turn; the fastest of some times. */
export function fhirText(): Row[] {
  const examples = officialExamples();
  const sets: readonly [string, readonly string[]][] = [
    ["an Observation, 72.5 kg", [observation("72.5")]],
    ["an Observation, 72.50 kg", [observation("72.50")]],
    ...(examples.length > 0 ? [[`${examples.length} official examples`, examples] as [string, string[]]] : []),
  ];
  const rows: Row[] = [];
  for (const [what, texts] of sets) {
    const trees = texts.map((text) => JSON.parse(text));
    const exact = texts.map((text) => parseFhir(text));
    const each = <T>(all: readonly T[], work: (one: T) => unknown) => rate(() => all.forEach(work), texts);
    rows.push(
      {
        what: `parse: ${what}`,
        ours: each(texts, (text) => parseFhir(text)),
        "JSON.parse, JSON.stringify": each(texts, (text) => JSON.parse(text)),
        others: `JSON.parse with source access ${each(texts, bySource)}`,
      },
      {
        what: `print: ${what}`,
        ours: each(exact, (tree) => printFhir(tree)),
        "JSON.parse, JSON.stringify": each(trees, (tree) => JSON.stringify(tree)),
        others: `Medplum's stringify ${each(trees, (tree) => stringify(tree))}`,
      },
    );
  }
  const resource = parseResource(observation("72.50"));
  const plain = JSON.parse(observation("72.50"));
  const patch = [{ op: "replace", path: "/status", value: "amended" }] as const;
  const parameters = {
    resourceType: "Parameters",
    parameter: [
      {
        name: "operation",
        part: [
          { name: "type", valueCode: "replace" },
          { name: "path", valueString: "Observation.status" },
          { name: "value", valueCode: "amended" },
        ],
      },
    ],
  };
  const path = fhirPath("Observation.value.value > 70 and status = 'final'");
  const summary = parseView({ _summary: "true" });
  rows.push(
    {
      what: "FHIRPath, compiled",
      ours: times(() => path.evaluate(resource)),
      others: `Medplum's evalFhirPath ${times(() => evalFhirPath(path.expression, plain))}`,
    },
    {
      what: "JSON Patch, one operation",
      ours: times(() => applyJsonPatch(resource, patch as unknown as Fhir)),
      others: `rfc6902 with structuredClone ${times(() => applyPatch(structuredClone(plain), [...patch]))}`,
    },
    { what: "FHIRPath Patch, one operation", ours: times(() => applyFhirPathPatch(resource, parameters)) },
    { what: "_summary=true", ours: times(() => applyView(resource, summary)) },
  );
  return rows;
}

/** Megabytes a second. */
function rate(work: () => void, texts: readonly string[]): string {
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  return `${((perSecond(work) * bytes) / 1e6).toFixed(0)} MB/s`;
}

const times = (work: () => unknown): string => `${thousands(perSecond(work))}/s`;

function perSecond(work: () => unknown): number {
  let best = 0;
  for (let i = 0; i < TIMES; i++) {
    const start = performance.now();
    let done = 0;
    do {
      for (let n = 0; n < 20; n++) work();
      done += 20;
    } while (performance.now() - start < FOR_MS / TIMES);
    best = Math.max(best, done / (performance.now() - start));
  }
  return best * 1000;
}
