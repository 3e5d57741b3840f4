import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { meanPressure, rox, shockIndex, timedIndex } from "./indices.ts";
import { type Input, inputs, type Question, score, scores } from "./score.ts";

const CASES = new URL("../../../../shared/data/icu/news2/news2-cases.json", import.meta.url);
const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

type Values = Readonly<Record<string, number | string>>;

function ask(values: Values, more: Partial<Question> = {}): Question {
  const given = Object.entries(values).map(([id, value]): [string, Input] => [id, { value, at: NOW - 60_000 }]);
  return { inputs: Object.fromEntries(given), now: NOW, maxAgeMs: () => HOUR, ...more };
}
const pointsOf = (id: string, question: Question) =>
  Object.fromEntries(score(id, question).parts.map((part) => [part.id, part.points]));

const WELL: Values = {
  "respiratory-rate": 16,
  spo2: 98,
  oxygen: "air",
  systolic: 125,
  pulse: 72,
  consciousness: "A",
  temperature: 37,
};

test("NEWS2 gives the points, the total and the level of every case of the chart", {
  skip: existsSync(CASES) ? false : "the cases of ../shared/data are not on this machine",
}, () => {
  const cases = JSON.parse(readFileSync(CASES, "utf8"));
  for (const { input, expected } of cases) {
    const values = {
      "respiratory-rate": input.respiratory_rate,
      spo2: input.spo2,
      oxygen: input.supplemental_oxygen ? "oxygen" : "air",
      systolic: input.systolic_bp,
      pulse: input.pulse,
      consciousness: input.consciousness,
      temperature: input.temperature_c,
    };
    const question = ask(values, { spo2Scale: input.spo2_scale });
    const { total, level } = score("news2", question);
    assert.deepEqual([total, level], [expected.total, expected.risk], JSON.stringify(input));
    const { supplemental_oxygen: oxygen, respiratory_rate, systolic_bp, ...same } = expected.points;
    assert.deepEqual(
      pointsOf("news2", question),
      { ...same, oxygen, "respiratory-rate": respiratory_rate, systolic: systolic_bp },
      JSON.stringify(input),
    );
  }
  assert.equal(cases.length, 120);
});

test("what is missing, stale or no such value is told, and there is no total", () => {
  const { temperature: _, ...rest } = WELL;
  const question = ask({ ...rest, pulse: Number.NaN });
  const old = { ...question.inputs, spo2: { value: 98, at: NOW - HOUR - 1 } };
  const scored = score("news2", { ...question, inputs: old });
  assert.deepEqual([scored.total, scored.level, scored.least, scored.most], [null, null, 0, 9]);
  assert.deepEqual(
    scored.parts.filter(({ state }) => state !== "used").map(({ id, state }) => [id, state]),
    [
      ["spo2", "stale"],
      ["pulse", "unusable"],
      ["temperature", "missing"],
    ],
  );
  // It cannot become less: what is there is enough for an emergency.
  const grave = score("news2", ask({ "respiratory-rate": 30, pulse: 140, consciousness: "V" }));
  assert.deepEqual([grave.total, grave.least, grave.leastLevel], [null, 9, "high"]);
  assert.equal(score("news2", ask({ consciousness: "V" })).leastLevel, "low-medium");
});

test("on the scale for 88 to 92 %, without knowing of oxygen, a value above is not scored", () => {
  const { oxygen: _, ...rest } = WELL;
  const open = score("news2", ask(rest, { spo2Scale: 2 }));
  const spo2 = open.parts.find(({ id }) => id === "spo2");
  assert.deepEqual([spo2?.state, spo2?.least, spo2?.most], ["missing", 0, 3]);
  // At 90 % it is nought on either.
  const same = score("news2", ask({ ...rest, spo2: 90 }, { spo2Scale: 2 }));
  assert.equal(same.parts.find(({ id }) => id === "spo2")?.points, 0);
});

test("values are rounded as charts are filled in", () => {
  const points = (temperature: number) => pointsOf("news2", ask({ ...WELL, temperature })).temperature;
  assert.deepEqual([35.04, 35.05, 36.04, 36.05, 38.04, 38.05, 39.05].map(points), [3, 1, 1, 0, 0, 1, 2]);
});

/** Boundaries as the publications print them: parameter, value, points. */
const BOUNDARIES: Readonly<Record<string, readonly (readonly [string, number | string, number])[]>> = {
  mews: [
    ...([70, 71, 80, 81, 100, 101, 199, 200] as const).map(
      (v, i) => ["systolic", v, [3, 2, 2, 1, 1, 0, 0, 2][i]] as const,
    ),
    ...([39, 40, 50, 51, 100, 101, 110, 111, 129, 130] as const).map(
      (v, i) => ["pulse", v, [2, 1, 1, 0, 0, 1, 1, 2, 2, 3][i]] as const,
    ),
    ...([8, 9, 14, 15, 20, 21, 29, 30] as const).map(
      (v, i) => ["respiratory-rate", v, [2, 0, 0, 1, 1, 2, 2, 3][i]] as const,
    ),
    ...([34.9, 35, 38.4, 38.5] as const).map((v, i) => ["temperature", v, [2, 0, 0, 2][i]] as const),
    ...(["A", "V", "P", "U"] as const).map((v, i) => ["consciousness", v, i] as const),
  ].map(([id, value, points]) => [id, value, points as number]),
  qsofa: [
    ["respiratory-rate", 21, 0],
    ["respiratory-rate", 22, 1],
    ["systolic", 100, 1],
    ["systolic", 101, 0],
    ["consciousness", "C", 1],
  ],
  sirs: [
    ["temperature", 38, 0],
    ["temperature", 38.1, 1],
    ["temperature", 36, 0],
    ["temperature", 35.9, 1],
    ["pulse", 90, 0],
    ["pulse", 91, 1],
  ],
};

test("MEWS, qSOFA and SIRS change their points where the papers say", () => {
  for (const [id, cases] of Object.entries(BOUNDARIES))
    for (const [parameter, value, points] of cases)
      assert.equal(pointsOf(id, ask({ [parameter]: value }))[parameter], points, `${id} ${parameter} ${value}`);
});

test("of two ways to the same point of SIRS either is enough, and none is sure only with both", () => {
  const rest = { temperature: 39, pulse: 100 };
  assert.equal(score("sirs", ask(rest)).leastLevel, "positive");
  const open = score("sirs", ask({ ...rest, "respiratory-rate": 16, "white-cells": 8 }));
  assert.deepEqual([open.total, open.least, open.most], [null, 2, 4]);
  const closed = { ...rest, "respiratory-rate": 16, paco2: 40, "white-cells": 8, "immature-forms": 2 };
  assert.deepEqual(score("sirs", ask(closed)).total, 2);
  assert.equal(score("sirs", ask({ ...closed, paco2: 31.9 })).total, 3);
});

test("PEWS goes by age, and without one tells between what it lies", () => {
  const child = {
    pulse: 150,
    systolic: 100,
    "respiratory-rate": 50,
    "capillary-refill": 2,
    "respiratory-effort": "mild",
    spo2: 93,
    oxygen: "air",
  };
  const totals = [1, 6, 36, 100, 200].map((ageMonths) => score("pews", ask(child, { ageMonths })).total);
  // By hand from Table 1: pulse, systolic, breathing, then 1 for effort and 1 for saturation.
  assert.deepEqual(totals, [1 + 2 + 0 + 2, 1 + 1 + 0 + 2, 2 + 0 + 1 + 2, 4 + 0 + 2 + 2, 4 + 1 + 4 + 2]);
  const open = score("pews", ask(child));
  assert.equal(open.total, null);
  for (const total of totals) assert.ok(open.least <= (total ?? 0) && (total ?? 99) <= open.most);
  assert.throws(() => score("pews", ask(child, { ageMonths: 300 })), /not for somebody of 300 months/);
  assert.throws(() => score("news2", ask(WELL, { ageMonths: 120 })), /not for/);
  assert.throws(() => score("news", ask(WELL)), /there are news2, mews/);
});

test("whatever is missing, the total lies between the bounds that are told", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
  for (let i = 0; i < 3_000; i++) {
    const { id, parameters } = pick(scores);
    const all = parameters.flatMap((one) => (one.or ? [one, one.or] : [one]));
    const values = Object.fromEntries(
      all.map((one) => [one.id, one.codes ? pick(Object.keys(one.codes)) : Math.round(random() * 2_300) / 10]),
    );
    const more = { spo2Scale: pick([1, 2] as const), ...(id === "pews" ? { ageMonths: random() * 215 } : {}) };
    const whole = score(id, ask(values, more));
    assert.notEqual(whole.total, null);
    const left = Object.fromEntries(Object.entries(values).filter(() => random() < 0.6));
    const some = score(id, ask(left, random() < 0.5 ? more : { spo2Scale: more.spo2Scale }));
    const total = whole.total ?? Number.NaN;
    assert.ok(some.least <= total && total <= some.most, `${id} ${JSON.stringify({ values, left, more, some })}`);
    assert.ok(some.total === null || some.total === total, `${id} ${JSON.stringify({ values, left })}`);
  }
});

test("indices are numbers, or say what is missing", () => {
  assert.deepEqual(shockIndex(120, 80), { value: 1.5 });
  assert.deepEqual(shockIndex(Number.NaN, 0), { value: null, missing: ["heartRate", "systolic"] });
  const found = rox(92, 0.5, 28);
  assert.equal(found.value?.toFixed(2), "6.57");
  assert.deepEqual(rox(92, 50, 28), { value: null, missing: ["fio2"] });
  assert.deepEqual(meanPressure(120, 60), { value: 80 });
  assert.deepEqual(Object.keys(inputs).length > 0, true);
});

test("of an input that is stale, or has no time, neither an index nor a score is worked out", () => {
  const values = { pulse: 120, systolic: 80, spo2: 92, fio2: 0.5, "respiratory-rate": 28 };
  const question = ask(values);
  assert.deepEqual(timedIndex("shock-index", question), { value: 1.5, missing: [], stale: [] });
  assert.equal(timedIndex("rox", question).value?.toFixed(2), "6.57");
  for (const at of [NOW - HOUR - 1, Number.NaN]) {
    const old = { ...question, inputs: { ...question.inputs, systolic: { value: 80, at }, spo2: { value: 92, at } } };
    assert.deepEqual(timedIndex("shock-index", old), { value: null, missing: [], stale: ["systolic"] });
    assert.deepEqual(timedIndex("rox", old), { value: null, missing: [], stale: ["spo2"] });
    const part = score("news2", old).parts.find(({ id }) => id === "systolic");
    assert.deepEqual([part?.state, part?.points], ["stale", null]);
  }
  assert.deepEqual(timedIndex("rox", ask({ spo2: 92, fio2: 50 })), {
    value: null,
    missing: ["fio2", "respiratory-rate"],
    stale: [],
  });
  assert.deepEqual(timedIndex("shock-index", ask({ pulse: "fast", systolic: 0 })).missing, ["pulse", "systolic"]);
});
