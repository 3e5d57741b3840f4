import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fhirPathCases, runCase } from "../testing/fhirpath-suite.ts";

test("HL7's FHIRPath cases pass, but for those of docs/fhir/fhirpath.md", (t) => {
  const cases = fhirPathCases();
  if (!cases) return t.skip("../shared/data is not there");
  const failed = cases.flatMap((one) => (runCase(one) === undefined ? [] : [one.id]));
  const passed = cases.length - failed.length;
  console.log(`${passed} of ${cases.length} FHIRPath cases pass (${((passed / cases.length) * 100).toFixed(1)} %)`);
  const page = readFileSync(new URL("../../../docs/fhir/fhirpath.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `([^`]+)` +\| \S/gm)].map(([, id]) => id);
  assert.deepEqual(failed.sort(), listed.sort());
  assert.match(page, new RegExp(`\\*\\*${passed} of ${cases.length} pass\\*\\*`));
});
