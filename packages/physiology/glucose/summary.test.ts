import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type SensorGlucose, summariseGlucose } from "./summary.ts";

const MINUTE = 60_000;
const every = (minutes: number, values: readonly number[], unit: SensorGlucose["unit"] = "mg/dL", from = 0) => ({
  unit,
  times: values.map((_, i) => from + i * minutes * MINUTE),
  values,
});
const rounded = (told: object | undefined) =>
  Object.fromEntries(Object.entries(told ?? {}).map(([key, value]) => [key, Number(value.toFixed(2))]));

test("a value at a limit stands in the band that the consensus names, in either unit", () => {
  const mass = summariseGlucose([every(5, [53, 54, 69, 70, 180, 181, 250, 251])]);
  const molar = summariseGlucose([every(5, [2.9, 3.0, 3.8, 3.9, 10.0, 10.1, 13.9, 14.0], "mmol/L")]);
  const bands = { veryLow: 12.5, low: 25, target: 25, high: 25, veryHigh: 12.5 };
  assert.deepEqual(mass?.times, bands);
  // 3.9 mmol/L are 70.3 mg/dL, 10.0 are 180.2: converted first, 10.0 would be high.
  assert.deepEqual(molar?.times, bands);
});

test("GMI, mean and variation are those of the published formulas", () => {
  // A mean of 154 mg/dL is a GMI of 6.99 % (Bergenstal 2018).
  const told = summariseGlucose([every(5, [144, 164])]);
  assert.equal(told?.meanMgPerDl, 154);
  assert.equal(told?.gmi.toFixed(2), "6.99");
  assert.equal(told?.cv.toFixed(3), ((100 * Math.SQRT2 * 10) / 154).toFixed(3));
  const molar = summariseGlucose([every(5, [8, 8], "mmol/L")]);
  assert.equal(molar?.meanMgPerDl.toFixed(3), "144.125");
});

test("a reading stands for its sensor's interval, and two sensors of one time count once", () => {
  const slow = every(15, [100, 100, 100, 100]);
  const fast = every(5, [300, 300, 300, 300, 300, 300], "mg/dL", 120 * MINUTE);
  const told = summariseGlucose([fast, slow]);
  assert.deepEqual(rounded(told?.times), { veryLow: 0, low: 0, target: 66.67, high: 0, veryHigh: 33.33 });
  assert.equal(told?.measuredMs, 90 * MINUTE);
  // The other says the same, a little later, and then goes on alone.
  const other = every(5, Array(15).fill(400), "mg/dL", MINUTE);
  const both = summariseGlucose([slow, every(5, Array(24).fill(100)), other]);
  assert.equal(both?.count, 24);
  assert.equal(both?.times.veryHigh, 0);
});

test("the same time twice is one reading, and less than two say nothing", () => {
  const told = summariseGlucose([{ unit: "mg/dL", times: [0, 0, 5 * MINUTE], values: [100, 500, 100] }]);
  assert.equal(told?.count, 2);
  assert.equal(told?.meanMgPerDl, 100);
  assert.equal(summariseGlucose([every(5, [100])]), undefined);
  assert.equal(summariseGlucose([]), undefined);
});

const data = join(fileURLToPath(new URL("../../../", import.meta.url)), "../shared/data/cgm");
const skip = existsSync(data) ? false : "../shared/data/cgm is not there";

interface Expected {
  readonly n: number;
  readonly mean_mg_dl: number;
  readonly cv_percent: number;
  readonly gmi_percent: number;
  readonly pct_below_54: number;
  readonly pct_54_69: number;
  readonly pct_70_180: number;
  readonly pct_181_250: number;
  readonly pct_above_250: number;
}

test("recordings of real people come to what was computed of them elsewhere", { skip }, () => {
  const unzip = (path: string) => gunzipSync(readFileSync(join(data, path))).toString("utf8");
  const expected = JSON.parse(unzip("expected-metrics.json.gz")) as Record<string, Record<string, Expected>>;
  let people = 0;
  for (const study of ["BIGIDEAs", "Colas_2019", "D1NAMO", "Hall_2018"]) {
    const persons = expected[study] ?? {};
    const readings = new Map<string, [number, number][]>();
    for (const line of unzip(`${study}/glucose.csv.gz`).trim().split("\n").slice(1)) {
      const [person = "", time = "", value = ""] = line.split(",");
      if (!Number.isFinite(Number.parseFloat(value))) continue;
      const mine = readings.get(person) ?? [];
      readings.set(person, mine);
      mine.push([Date.parse(`${time.replace(" ", "T")}Z`), Number(value)]);
    }
    for (const [person, wanted] of Object.entries(persons)) {
      const all = (readings.get(person) ?? []).sort(([a], [b]) => a - b);
      // Where a study has a time twice, it counts once here.
      if (new Set(all.map(([time]) => time)).size !== wanted.n) continue;
      const told = summariseGlucose([
        { unit: "mg/dL", times: all.map(([time]) => time), values: all.map(([, value]) => value) },
      ]);
      assert.ok(told, `${study} ${person}`);
      const { times } = told;
      for (const [name, is, should] of [
        ["n", told.count, wanted.n],
        ["mean", told.meanMgPerDl, wanted.mean_mg_dl],
        ["CV", told.cv, wanted.cv_percent],
        ["GMI", told.gmi, wanted.gmi_percent],
        ["below 54", times.veryLow, wanted.pct_below_54],
        ["54 to 69", times.low, wanted.pct_54_69],
        ["70 to 180", times.target, wanted.pct_70_180],
        ["181 to 250", times.high, wanted.pct_181_250],
        ["above 250", times.veryHigh, wanted.pct_above_250],
      ] as const)
        assert.ok(Math.abs(is - should) < 0.00011, `${study} ${person} ${name}: ${is}, not ${should}`);
      people++;
    }
  }
  console.log(`${people} people's recordings`);
  assert.ok(people >= 20, String(people));
});
