import assert from "node:assert/strict";
import { test } from "node:test";
import { trendOf } from "../trend.ts";
import { baselineWeight, weightChanges } from "../weight/index.ts";
import { categoryOf, homeMean, type Pressure, summariseDay } from "./index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const isNight = (at: number) => at % DAY >= 22 * HOUR || at % DAY < 6 * HOUR;
const day = (of: (hour: number) => readonly [number, number], step = 0.5): Pressure[] =>
  Array.from({ length: 24 / step }, (_, i) => {
    const [systolic, diastolic] = of(i * step);
    return { at: i * step * HOUR, systolic, diastolic };
  });
const at = (night: number) => day((hour) => (hour >= 6 && hour < 22 ? [140, 85] : [night, 70]));

test("pressure by day and night, and how far it dips", () => {
  const found = summariseDay(at(119), isNight);
  assert.deepEqual([found.day?.systolic, found.night?.systolic, found.dip, found.dipping], [140, 119, 15, "dipper"]);
  assert.deepEqual(
    [105, 130, 145].map((night) => summariseDay(at(night), isNight).dipping),
    ["extreme", "non-dipper", "reverse"],
  );
  const few = summariseDay(
    at(119).filter(({ at: time }) => !isNight(time) || time < 2 * HOUR),
    isNight,
  );
  assert.deepEqual([few.dip, few.dipping, few.night?.count], [null, null, 4]);
});

test("variability, and values that are nobody's", () => {
  const odd = [
    ...day(() => [120, 80], 12),
    { at: DAY, systolic: 80, diastolic: 90 },
    { at: DAY, systolic: Number.NaN, diastolic: 1 },
  ];
  const found = summariseDay(odd, isNight);
  assert.deepEqual([found.unusable, found.variability, found.all?.count], [2, null, 2]);
  const varied = summariseDay(
    [120, 130, 120, 130].map((systolic, i) => ({ at: i, systolic, diastolic: 80 })),
    isNight,
  );
  assert.deepEqual([varied.variability?.arv, varied.variability?.sd.toFixed(3)], [10, "5.774"]);
  const timeless = [...day(() => [120, 80], 12), { at: Number.NaN, systolic: 180, diastolic: 90 }];
  assert.deepEqual([summariseDay(timeless, isNight).unusable, summariseDay(timeless, isNight).all?.systolic], [1, 120]);
  assert.equal(homeMean(timeless, String), null);
  assert.deepEqual([summariseDay([], isNight).all, summariseDay([], isNight).variability], [null, null]);
});

test("the graver of two categories holds, at the boundaries that the guidelines print", () => {
  const of = (scale: string) => (systolic: number, diastolic: number) => categoryOf(scale, { systolic, diastolic });
  const aha = of("aha-acc-2017");
  assert.deepEqual(
    [aha(119, 79), aha(120, 79), aha(119, 80), aha(130, 70), aha(139, 90), aha(180, 120), aha(181, 70), aha(150, 121)],
    ["normal", "elevated", "stage 1", "stage 1", "stage 2", "stage 2", "severe", "severe"],
  );
  assert.deepEqual(
    [of("esc-2024")(119, 69), of("esc-2024")(119, 70), of("esc-2024-home")(135, 60)],
    ["non-elevated", "elevated", "hypertension"],
  );
  assert.deepEqual(
    [of("esc-esh-2018")(119, 79), of("esc-esh-2018")(129, 80), of("esc-esh-2018")(139, 109)],
    ["optimal", "normal", "grade 2"],
  );
  assert.equal(aha(80, 90), null);
  assert.throws(() => of("aha")(120, 80), /there are aha-acc-2017/);
});

test("at home the first day is left out, and two days are none", () => {
  const dayOf = (time: number) => String(Math.floor(time / DAY));
  const readings = [160, 130, 130].flatMap((systolic, i) =>
    [0, 12].map((hour) => ({ at: i * DAY + hour * HOUR, systolic, diastolic: 80 })),
  );
  assert.deepEqual(homeMean(readings, dayOf), { systolic: 130, diastolic: 80, count: 4 });
  assert.equal(homeMean(readings.slice(0, 4), dayOf), null);
});

test("a trend is told with its chance; one odd value moves it little", () => {
  const days = Array.from({ length: 30 }, (_, i) => i);
  const rising = days.map((i) => 130 + 0.5 * i + (i % 3));
  rising[10] = 220;
  const found = trendOf(days, rising);
  assert.ok(found && Math.abs(found.slope - 0.5) < 0.05 && found.p < 1e-6, JSON.stringify(found));
  assert.ok(
    (trendOf(
      days,
      days.map((i) => 120 + ((i * 7) % 5)),
    )?.p ?? 0) > 0.3,
  );
  // Mann and Kendall by hand: five rising values, S = 10, variance 50 / 3.
  assert.equal(trendOf([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])?.p.toFixed(4), "0.0275");
  assert.deepEqual([trendOf([1, 2], [1, 2]), trendOf([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])], [null, null]);
  assert.equal(
    trendOf(
      days,
      days.map(() => 80),
    )?.p,
    1,
  );
});

test("a gain in a day, in three, in a week; a loss; and a scale that was somebody else's", () => {
  const weights = (...values: number[]) => values.map((value, i) => ({ at: i * DAY, value }));
  const rules = (...values: number[]) => weightChanges(weights(...values)).map(({ rule, change }) => [rule, change]);
  assert.deepEqual(rules(80, 80.2, 80.1), []);
  assert.deepEqual(rules(80, 81.4), []);
  assert.deepEqual(rules(80, 81.5), [["day", 1.5]]);
  assert.deepEqual(rules(80, 80.7, 81.4, 82.1), [["three-days", 2.1]]);
  assert.deepEqual(rules(80, 80.3, 80.7, 81, 81.4, 81.7, 82, 82.3), [["week", 2.3]]);
  assert.deepEqual(rules(80, 79, 78.5, 77.9), [["loss", -2.1]]);
  assert.deepEqual(weightChanges([]), []);
  assert.deepEqual(weightChanges(weights(80, Number.NaN, -1)), []);
  assert.deepEqual(weightChanges([...weights(80, 80.1), { at: Number.NaN, value: 90 }]), []);
  assert.equal(baselineWeight(weights(80, 80.4, 80.2, 84)), 80.2);
  assert.equal(baselineWeight(weights(80, 81)), null);
});
