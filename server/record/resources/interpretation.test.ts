import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitsAt } from "../ports.ts";
import { assertValid } from "../testing/valid.ts";
import { organisation, readingOf, streamOf, T0 } from "../testing/ward.ts";
import { groupIntoPanels, mapBloodPressure } from "./blood-pressure.ts";
import { mapReading } from "./observation.ts";

/** Set at T0 for glucose (mg/dL) and systolic pressure (mm[Hg]), and for nothing else. */
const limitsAt: LimitsAt = (_patient, signal, time) => {
  if (time < T0) return undefined;
  if (signal === "glucose-interstitial") return { low: 72, high: 180, criticalLow: 54, criticalHigh: null };
  return signal === "nibp-systolic" ? { low: null, high: 150, criticalLow: null, criticalHigh: 180 } : undefined;
};
const glucose = (value: number, unit = "mg/dL", time = T0, more = {}) =>
  mapReading(readingOf(streamOf("glucose-interstitial", unit), time, value, more), organisation, limitsAt);
const codeOf = ({ interpretation }: { interpretation?: { coding?: { code?: string }[] }[] }) =>
  interpretation?.[0]?.coding?.[0]?.code;

test("a value is judged by the limits of its own time, in whatever unit it came", () => {
  assert.deepEqual(
    [53, 54, 71, 72, 180, 181].map((value) => codeOf(glucose(value))),
    ["LL", "L", "L", "N", "N", "H"],
  );
  assert.deepEqual(
    [2.9, 3.5, 5.6, 10.1].map((value) => codeOf(glucose(value, "mmol/L"))),
    ["LL", "L", "N", "H"],
  );
  assert.equal(codeOf(glucose(40, "mg/dL", T0 - 1)), undefined, "there were none yet");
  assert.equal(codeOf(mapReading(readingOf(streamOf("spo2", "%"), T0, 60), organisation, limitsAt)), undefined);
});

test("the range stands in the unit of the value", () => {
  const [range] = glucose(5.6, "mmol/L").referenceRange ?? [];
  assert.deepEqual([range?.low?.code, Number(range?.low?.value?.toFixed(2))], ["mmol/L", 4]);
  assert.deepEqual([range?.high?.code, Number(range?.high?.value?.toFixed(2))], ["mmol/L", 9.99]);
  assertValid(glucose(5.6, "mmol/L"));
  assertValid(glucose(40));
});

test("of a pressure each component is judged by itself", () => {
  const cuff = (signal: string, value: number) => readingOf(streamOf(signal, "kPa", { deviceId: "cuff" }), T0, value);
  const [panel] = groupIntoPanels([cuff("nibp-systolic", 21), cuff("nibp-diastolic", 11)]);
  assert.ok(panel);
  const observation = mapBloodPressure(panel, organisation, limitsAt);
  assert.deepEqual(observation.component?.map(codeOf), ["H", undefined]);
  assert.equal(observation.component?.[0]?.referenceRange?.[0]?.high?.value, 150);
  assertValid(observation);
});

test("what was entered in error, or is no number, is not judged", () => {
  const amended = { version: 2, status: "entered-in-error", value: null, at: T0, amendment: null } as never;
  assert.equal(codeOf(glucose(40, "mg/dL", T0, { amended })), undefined);
  assert.equal(codeOf(glucose(Number.NaN)), undefined);
});
