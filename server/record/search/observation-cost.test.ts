import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle, OperationOutcome } from "@medplum/fhirtypes";
import { KARI, readingOf, server, streamOf, T0, ward } from "../testing/ward.ts";

const YEAR_MS = 365 * 86_400_000;
const PULSE = streamOf("heart-rate", "/min");

/** One reading a second, as far as anybody asks. */
function dense() {
  const made = ward();
  made.telemetry.add(readingOf(PULSE, T0, 70));
  const asked: number[] = [];
  const cost = {
    readingsMax: 200_000,
    textsMax: 1_000_000,
    readings: async (_ids: readonly string[], from: number, to: number) => {
      const n = (Math.min(to, T0) - Math.max(from, T0 - YEAR_MS)) / 1000;
      asked.push(n);
      return n;
    },
    texts: async () => 0,
  };
  return { made, asked, get: server({ ...made, context: { ...made.context, cost } }).get };
}

test("a question about the values of a year is refused before a reading is read, and says what to add", async () => {
  const { made, get } = dense();
  const before = made.telemetry.calls.readings;
  for (const query of ["value-quantity=gt100", "_sort=value-quantity", "status=final&_count=1"]) {
    const { status, body } = await get(`/fhir/Observation?patient=${KARI}&code=8867-4&${query}`);
    const [issue] = (body as OperationOutcome).issue;
    assert.deepEqual([status, issue?.code], [422, "too-costly"], query);
    assert.match(issue?.details?.text ?? "", /a patient, a code and a span of dates/);
  }
  assert.equal(made.telemetry.calls.readings, before, "nothing was read");
});

test("the code of a composite is asked of streams first: of a signal that is not there nothing is looked at", async () => {
  const { asked, made, get } = dense();
  const before = made.telemetry.calls.readings;
  for (const query of [
    "code-value-quantity=29463-7$ge80",
    "combo-code-value-quantity=http://loinc.org|8480-6$gt140,8462-4$gt90",
    "component-code-value-quantity=8867-4$gt60",
  ]) {
    const { status, body } = await get(`/fhir/Observation?patient=${KARI}&${query}`);
    assert.deepEqual([status, (body as Bundle).entry ?? []], [200, []], query);
  }
  assert.deepEqual([asked, made.telemetry.calls.readings], [[], before]);
  assert.equal((await get(`/fhir/Observation?patient=${KARI}&code-value-quantity=8867-4$gt60`)).status, 422);
  const found = await get(`/fhir/Observation?patient=${KARI}&combo-code-value-quantity=8867-4$gt60&date=2026-11-22`);
  assert.equal((found.body as Bundle).entry?.length, 1);
});

test("the same of a day is answered, and what comes in order of time is not estimated at all", async () => {
  const { asked, get } = dense();
  const day = await get(`/fhir/Observation?patient=${KARI}&code=8867-4&value-quantity=gt60&date=2026-11-22`);
  assert.equal(day.status, 200);
  assert.equal(asked.length, 1);
  assert.equal((await get(`/fhir/Observation?patient=${KARI}&code=8867-4&_sort=-date`)).status, 200);
  assert.equal(asked.length, 1);
});
