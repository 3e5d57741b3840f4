import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "./index.ts";

/** As a lossless parser hands numbers on: one that counts, and says its text. */
class Written extends Number {
  readonly text: string;

  constructor(text: string) {
    super(text);
    this.text = text;
  }

  override toString(): string {
    return this.text;
  }

  toJSON(): unknown {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(this.text);
  }
}

const quantity = (value: unknown) => ({ value, unit: "kg", system: "http://unitsofmeasure.org", code: "kg" });
const errors = (resource: unknown) =>
  validate(resource)
    .filter(({ severity }) => severity !== "information")
    .map(({ expression, code }) => `${expression} ${code}`);

test("a decimal that is kept as it was written is a decimal", () => {
  const observation = (value: unknown) => ({
    resourceType: "Observation",
    status: "final",
    code: { text: "a" },
    valueQuantity: quantity(value),
  });
  assert.deepEqual(errors(observation(new Written("2.50"))), []);
  assert.deepEqual(errors(observation(new Written("1e3"))), []);
  for (const other of ["2.50", true, {}, { rawJSON: "2.50" }, null, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(errors(observation(other)), ["Observation.value.value value"], String(other));
  }
});

test("it is no whole number where one is asked for, and no object", () => {
  const patient = (value: unknown) => ({ resourceType: "Patient", multipleBirthInteger: value });
  assert.deepEqual(errors(patient(new Written("-0"))), []);
  for (const text of ["1.0", "1e0", "2.5"]) assert.equal(errors(patient(new Written(text))).length, 1, text);
  assert.equal(errors({ resourceType: "Patient", maritalStatus: new Written("1.0") }).length, 1);
});

test("constraints count with it", () => {
  const observation = (low: unknown, high: unknown) => ({
    resourceType: "Observation",
    status: "final",
    code: { text: "a" },
    valueRange: { low: quantity(low), high: quantity(high) },
  });
  assert.deepEqual(errors(observation(new Written("2.50"), new Written("10.0"))), []);
  assert.deepEqual(errors(observation(new Written("2.50"), 1)), ["Observation.value invariant"]);
});
