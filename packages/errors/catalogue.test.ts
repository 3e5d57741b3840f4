import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeRefusal, refusalText } from "./index.ts";

test("docs/errors.md lists exactly the codes and sentences of the catalogue", () => {
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\|$/gm)].map((m) => [m[1], m[2]]);
  assert.deepEqual(Object.fromEntries(rows), refusalText);
});

test("a refusal names the code, the field, what was expected and what came", () => {
  assert.equal(
    describeRefusal("UNIT_UNKNOWN", { at: "values.spo2.unit", expected: "a UCUM code", received: "bpm" }),
    "UNIT_UNKNOWN: The unit is not a UCUM code. At values.spo2.unit. Expected a UCUM code. Received bpm.",
  );
});
