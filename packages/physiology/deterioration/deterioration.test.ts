import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { findSignal } from "@openward/signals";
import {
  createDeterioration,
  deteriorationIndex,
  deteriorationInputs,
  explain,
  featureNames,
  logOdds,
  recalibrated,
} from "./index.ts";

const HOUR = 3_600_000;
const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);

type Reading = readonly [id: string, value: number, at: number];
const streamOf = (readings: readonly Reading[]) => {
  const stream = createDeterioration({ ageYears: 71, unit: "medical" });
  for (const [id, value, at] of readings) stream.push(id, value, at);
  return stream;
};
function featuresOf(readings: readonly Reading[], hours: number): Record<string, number> {
  const features = streamOf(readings).features("all", hours * HOUR);
  return Object.fromEntries(featureNames("all").map((name, i) => [name, features[i] as number]));
}
function randomReadings(random: () => number, count: number): Reading[] {
  const all = Array.from({ length: count }, (): Reading => {
    const { id, least, most } = deteriorationInputs[Math.floor(random() * deteriorationInputs.length)] as never;
    return [id, least + (most - least) * random(), Math.floor(random() * 48 * HOUR)];
  });
  return all.sort((a, b) => a[2] - b[2]);
}

test("features are of the last day, in means of two hours, and points are those of the published scores", () => {
  const found = featuresOf(
    [
      ["pulse", 180, 1 * HOUR],
      ["pulse", 100, 30 * HOUR],
      // Together they are 112: an artefact among good values is not the worst of the day.
      ["pulse", 104, 40 * HOUR],
      ["pulse", 120, 40.5 * HOUR],
      ["pulse", 90, 47 * HOUR],
      ["gcs", 6, 31 * HOUR],
      ["gcs", 14, 46 * HOUR],
      ["urine", 300, 0.5 * HOUR],
      ["urine", 200, 30 * HOUR],
      ["urine", 100, 46 * HOUR],
      ["ventilation", 1, 30 * HOUR],
      ["pao2", 70, 41 * HOUR],
      ["fio2", 50, 38 * HOUR],
    ],
    48,
  );
  assert.deepEqual([found["pulse.now"], found["pulse.low"], found["pulse.high"]], [90, 90, 112]);
  const near = (name: string, value: number) => assert.ok(Math.abs((found[name] ?? 9e9) - value) < 1e-5, name);
  near("pulse.points", 3 * 0.1275);
  near("pulse.pointsNow", 1 * 0.1275);
  near("gcs.points", 13 * 0.0737);
  near("gcs.pointsNow", 0);
  near("patient.points", 15 * 0.0737);
  near("urine.day", 300);
  near("urine.now", 100 * 4);
  near("ventilation.now", 0);
  near("ventilation.points", 9 * 0.1275);
  near("oxygenation.low", 140);
  near("oxygenation.points", 9 * 0.0737);
  assert.ok(Number.isNaN(found["lactate.now"]));
  assert.deepEqual([found["patient.medical"], found["patient.coronary"], found["patient.hours"]], [1, 0, 47.5]);
});

test("in whatever order and pieces a day is handed in, its features are the same", () => {
  for (let i = 0; i < 4; i++) {
    const random = seededRandom(seed + i).float;
    const readings = randomReadings(random, 300).filter(([, , at]) => at > 24 * HOUR);
    const shuffled = readings.toSorted(() => random() - 0.5);
    const batch = streamOf(readings).features("all", 48 * HOUR);
    const looked = createDeterioration({ ageYears: 71, unit: "medical" });
    for (const [id, value, at] of readings) {
      looked.push(id, value, at);
      looked.features("vitals", at);
      looked.inputs(at);
    }
    assert.deepEqual(looked.features("all", 48 * HOUR), batch, `seed ${seed + i}`);
    const other = streamOf(shuffled).features("all", 48 * HOUR);
    // Sums of floating numbers in another order differ in their last digits.
    for (const [at, value] of batch.entries())
      assert.ok(Object.is(value, other[at]) || Math.abs(value - (other[at] as number)) < 1e-3, `seed ${seed + i}`);
  }
});

test("impossible values are refused and counted, old ones are told as stale, and with too little there is no index", async () => {
  const stream = createDeterioration({});
  const refused: Reading[] = [
    ["pulse", 0, 0],
    ["temperature", 16, 0],
    ["systolic", Number.NaN, 0],
  ];
  for (const [id, value, at] of refused) assert.equal(stream.push(id, value, at), "not plausible", id);
  assert.equal(stream.push("mood", 3, 0), "unknown input");
  assert.equal(stream.push("pulse", 80, Number.NaN), "no time");
  const never = () => assert.fail("the model is not asked") as never;
  const asked = (now: number) => deteriorationIndex(stream, { scope: "all", predict: never }, now);
  assert.match((await asked(HOUR)).absent ?? "", /^0 of .* 3 are needed/);
  stream.push("pulse", 80, 0);
  stream.push("systolic", 120, 0);
  stream.push("gcs", 15, 0);
  assert.equal(stream.absent(HOUR), null);
  const late = await asked(6 * HOUR);
  assert.deepEqual([late.chance, late.shares], [null, []]);
  assert.match(late.absent ?? "", /^1 of /);
  const states = Object.fromEntries(late.inputs.map((input) => [input.id, input]));
  assert.deepEqual(states.pulse, { id: "pulse", state: "stale", value: 80, at: 0, refused: 1 });
  assert.deepEqual([states.gcs?.state, states.temperature?.state, states.temperature?.refused], ["used", "missing", 1]);
  stream.push("pulse", 80, 90 * HOUR);
  assert.equal(stream.push("pulse", 80, 2 * HOUR), "too late");
});

test("a reading that is dated ahead makes nobody fresh, and does not shut out what is measured", () => {
  const stream = createDeterioration({});
  for (const id of ["pulse", "systolic", "gcs"]) stream.push(id, 15 + 50 * Number(id !== "gcs"), 900 * HOUR);
  assert.match(stream.absent(10 * HOUR) ?? "", /^0 of /);
  const answers = [1, 2, 3, 4, 5, 6, 7].map((minute) => stream.push("pulse", 80, 10 * HOUR + minute * 60_000));
  assert.deepEqual(answers.slice(4), ["too late", null, null]);
  const names = featureNames("vitals");
  assert.equal(stream.features("vitals", 11 * HOUR)[names.indexOf("pulse.now")], 80);
});

test("the index has a chance and shares, which lead from somebody unknown to this patient", async () => {
  const names = featureNames("vitals");
  // Two signals that work together, one alone, and an absent one.
  const weight = (row: Float32Array, name: string) => {
    const value = row[names.indexOf(name)] as number;
    return Number.isNaN(value) ? 0 : value;
  };
  const predict = async (rows: Float32Array) =>
    Float32Array.from({ length: rows.length / names.length }, (_, i) => {
      const row = rows.subarray(i * names.length, (i + 1) * names.length);
      const pulse = weight(row, "pulse.now") / 100;
      const gcs = weight(row, "gcs.now") / 10;
      return 1 / (1 + Math.exp(-(-1 + pulse - gcs + 0.5 * pulse * gcs - weight(row, "temperature.now") / 50)));
    });
  const stream = createDeterioration({});
  const readings: Reading[] = [
    ["pulse", 120, 0],
    ["gcs", 8, 0],
    ["temperature", 40, 0],
  ];
  for (const reading of readings) stream.push(...reading);
  const { chance, unknownChance, shares, absent } = await deteriorationIndex(
    stream,
    { scope: "vitals", predict },
    HOUR,
  );
  assert.equal(absent, null);
  const by = Object.fromEntries(shares.map(({ signal, logOdds: share }) => [signal, Number(share.toFixed(3))]));
  assert.deepEqual([by.pulse, by.gcs, by.temperature], [1.2 + 0.24, -0.8 + 0.24, -0.8]);
  const sum = shares.reduce((total, share) => total + share.logOdds, 0);
  assert.ok(Math.abs(logOdds(chance ?? 0) - logOdds(unknownChance ?? 0) - sum) < 1e-4);
  assert.equal(shares[0]?.signal, "pulse");
  const nobody = await explain(names, new Float32Array(names.length).fill(Number.NaN), predict);
  assert.deepEqual([nobody.shares, nobody.chance], [[], nobody.unknownChance]);
});

test("where fewer die the same evidence is less of a chance", () => {
  assert.ok(Math.abs(recalibrated(0.3, 0.3, 0.14) - 0.14) < 1e-9);
  assert.ok(Math.abs(recalibrated(0.7, 0.3, 0.3) - 0.7) < 1e-9);
  assert.ok(recalibrated(1, 0.3, 0.14) < 1 && recalibrated(0, 0.3, 0.14) > 0);
});

test("inputs are signals of ours in their units where there are such, and ranges are those of living people", () => {
  for (const { id, unit, signals, least, most, freshHours } of deteriorationInputs) {
    assert.ok(least < most && freshHours > 0, id);
    for (const key of signals) assert.equal(findSignal(key)?.ucum, unit, `${id}: ${key}`);
  }
  for (const scope of ["all", "vitals"] as const) {
    const names = featureNames(scope);
    assert.equal(new Set(names).size, names.length);
  }
  assert.ok(!featureNames("vitals").some((name) => /lactate|oxygenation|sodium/.test(name)));
});

test("whatever is pushed, every feature is a number or absent, and of two days no more is kept than of a year", () => {
  const random = seededRandom(seed).float;
  const stream = createDeterioration({ ageYears: Number.NaN });
  for (let i = 0; i < 3_000; i++) {
    const { id, most } = deteriorationInputs[Math.floor(random() * deteriorationInputs.length)] as never;
    const value = [Number.NaN, Number.NEGATIVE_INFINITY, 0, -1, most, most * random()][Math.floor(random() * 6)];
    stream.push(id, value as number, (i + 20 * random()) * HOUR);
  }
  for (const now of [0, 1_500, 3_020, 10_000].map((hours) => hours * HOUR))
    for (const value of stream.features("all", now)) assert.ok(Number.isNaN(value) || Number.isFinite(value));
  assert.ok(stream.features("all", 10_000 * HOUR).filter((value) => !Number.isNaN(value)).length <= 10);
});
