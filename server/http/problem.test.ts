import assert from "node:assert/strict";
import { test } from "node:test";
import { OutsideTrouble, RefusedInput, refusalText } from "@openward/errors";
import { z } from "zod";
import { parseFields } from "./fields.ts";
import { problem, problemOf, statusOf } from "./problem.ts";

test("a refusal names code, field and what was expected, and does not repeat what came", () => {
  const error = new RefusedInput("UNIT_UNKNOWN", {
    at: "values.spo2.unit",
    expected: "a UCUM code",
    received: "Hansen, Kari",
  });
  assert.deepEqual(problemOf(error), {
    type: "urn:openward:error:UNIT_UNKNOWN",
    title: "The unit is not a UCUM code.",
    status: 422,
    detail: "The unit is not a UCUM code. At values.spo2.unit. Expected a UCUM code.",
    code: "UNIT_UNKNOWN",
    field: "values.spo2.unit",
    expected: "a UCUM code",
  });
});

test("every code of the catalogue has a status that is an error", () => {
  for (const code of Object.keys(refusalText) as (keyof typeof refusalText)[]) {
    assert.ok(statusOf(code) >= 400 && statusOf(code) < 600, code);
  }
});

test("a disk without room is 507", () => {
  assert.equal(problemOf(new OutsideTrouble("DISK_FULL", true))?.status, 507);
});

test("outside trouble is 503 and says nothing of the inside", () => {
  const body = problemOf(new OutsideTrouble("DATABASE_UNREACHABLE", true, { at: "postgres://secret@host" }));
  assert.equal(body?.status, 503);
  assert.ok(!JSON.stringify(body).includes("secret"));
});

test("an error of ours is not explained", () => {
  assert.equal(problemOf(new TypeError("patient Hansen is undefined")), undefined);
  assert.equal(problemOf("text"), undefined);
});

test("the code alone makes a problem", () => {
  assert.equal(problem("NOT_FOUND").status, 404);
});

const schema = z.object({ name: z.string().max(3), limits: z.array(z.object({ low: z.number() })).default([]) });

for (const { name, value, code, at, expected } of [
  { name: "a missing field", value: {}, code: "FIELD_INVALID", at: "name", expected: /string/ },
  { name: "a field that is too long", value: { name: "abcd" }, code: "FIELD_INVALID", at: "name", expected: /<=3/ },
  {
    name: "a field deep inside",
    value: { name: "a", limits: [{ low: "x" }] },
    code: "FIELD_INVALID",
    at: "limits[0].low",
    expected: /number/,
  },
  {
    name: "a field that nobody knows",
    value: { name: "a", nmae: 1 },
    code: "FIELD_INVALID",
    at: "nmae",
    expected: /only name, limits/,
  },
  { name: "a list instead of an object", value: [], code: "BODY_SHAPE", at: "body", expected: /object/ },
  { name: "nothing at all", value: undefined, code: "BODY_SHAPE", at: "body", expected: /object/ },
]) {
  test(`${name} is refused by name`, () => {
    assert.throws(
      () => parseFields(schema, value, "body"),
      (error) =>
        error instanceof RefusedInput &&
        error.code === code &&
        error.facts.at === at &&
        expected.test(error.facts.expected ?? ""),
    );
  });
}
