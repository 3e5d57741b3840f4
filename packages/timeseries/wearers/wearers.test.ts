import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { testSeed } from "../testing/random.ts";
import { Agreement, DenseWearer, type Doubt, denseRuleOf, SparseWearer, sparseRuleOf } from "./index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const seed = testSeed();

function need<T>(found: T | undefined): T {
  assert.ok(found !== undefined);
  return found;
}
const sparse = (signal: string) => new SparseWearer(need(sparseRuleOf(signal)));
const dense = () => new DenseWearer(need(denseRuleOf("heart-rate"))[1]);
const doubts = (found: readonly (Doubt | undefined)[]) => found.filter((doubt) => doubt !== undefined);

function dice(n: number) {
  const random = seededRandom(seed + n);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
  return { float: () => random.float(), int: (below: number) => Math.floor(random.float() * below), normal };
}

test("a weight that nobody gains in a day is a doubt, once, with what was to be expected", () => {
  const wearer = sparse("body-weight");
  const days = [80.1, 79.6, 80.4, 79.9, 80.2, 64.3, 64.4, 64.1];
  const found = days.map((kg, day) => wearer.add("scale", day * DAY, kg));
  assert.deepEqual(doubts(found), [{ kind: "jump", since: 5 * DAY, value: 64.3, expected: 80.1 }]);
});

test("a month in which a patient loses as much is none, and neither is what is late", () => {
  const wearer = sparse("body-weight");
  assert.deepEqual(doubts([wearer.add("scale", 0, 80), wearer.add("scale", 30 * DAY, 68)]), []);
  assert.equal(wearer.add("scale", 29 * DAY, 40), undefined, "not newer: it tells nothing");
});

test("two of a household on one scale are two heaps, also where they weigh nearly the same", () => {
  const wearer = sparse("body-weight");
  const days = [72.1, 76.2, 72.3, 72.0, 76.5, 76.3, 72.2, 76.4];
  const found = doubts(days.map((kg, day) => wearer.add("scale", day * DAY, kg)));
  assert.deepEqual(found, [{ kind: "mixed", since: 0, value: 76.4, expected: 72.15 }]);
});

test("one high pressure is scatter; two in a row are a doubt", () => {
  const wearer = sparse("nibp-systolic");
  const days = [118, 124, 121, 117, 190, 122, 192, 188];
  const found = days.map((value, i) => wearer.add("cuff", i * HOUR, value));
  assert.deepEqual(doubts(found), [{ kind: "jump", since: 6 * HOUR, value: 188, expected: 121 }]);
});

test("a monitor that says its last measurement every second has measured once", () => {
  const wearer = sparse("nibp-systolic");
  for (let i = 0; i < 5; i++) wearer.add("monitor", i * HOUR, 120 + i);
  for (let s = 0; s < 120; s++) assert.equal(wearer.add("monitor", 5 * HOUR + s * 1_000, 199), undefined);
});

test("glucose that no body changes so fast, and that stays there", () => {
  const of = (...values: number[]) => {
    const wearer = sparse("glucose-interstitial");
    return doubts(values.map((value, i) => wearer.add("cgm", i * 300_000, value))).map(({ since }) => since / 300_000);
  };
  assert.deepEqual(of(110, 112, 115, 240, 242, 239), [3]);
  assert.deepEqual(of(110, 112, 45, 113, 110), [], "somebody lay on the sensor");
  assert.deepEqual(of(110, 130, 152, 176, 200, 170, 140), [], "a meal, and insulin");
});

/** Readings each second. */
function pulse(wearer: DenseWearer, from: number, seconds: number, rate: number, roll: () => number): Doubt[] {
  return doubts(Array.from({ length: seconds }, (_, s) => wearer.add(from + s * 1_000, Math.round(rate + 3 * roll()))));
}

test("a pulse that is another after the device was off for a minute is a doubt; an arrhythmia is none", () => {
  const { normal } = dice(1);
  const moved = dense();
  assert.deepEqual(pulse(moved, 0, 300, 62, normal), []);
  const [doubt] = pulse(moved, 360_000, 300, 104, normal);
  assert.deepEqual([doubt?.kind, doubt?.since], ["jump", 360_000]);
  assert.ok(Math.abs(need(doubt).value - 104) < 2 && Math.abs(need(doubt).expected - 62) < 2);

  const fibrillates = dense();
  assert.deepEqual([...pulse(fibrillates, 0, 300, 62, normal), ...pulse(fibrillates, 300_000, 600, 140, normal)], []);
  const walks = dense();
  const back = [[0, 300, 62] as const, [360_000, 90, 110] as const, [450_000, 300, 64] as const];
  assert.deepEqual(
    back.flatMap(([from, seconds, rate]) => pulse(walks, from, seconds, rate, normal)),
    [],
    "not held",
  );
});

test("two devices that disagree for ten minutes are a doubt, and one minute is none", () => {
  const [, rule] = need(denseRuleOf("heart-rate"));
  const agreement = new Agreement(need(rule.apart), rule.windowMs);
  const found: string[] = [];
  for (let window = 0; window < 30; window++) {
    agreement.add("band", { window, mean: window === 4 ? 120 : 70 });
    const doubt = agreement.add("patch", { window, mean: window < 12 ? 74 : 108 });
    if (doubt) found.push(`${window} ${doubt.other} ${doubt.since / 60_000} ${doubt.value} ${doubt.expected}`);
  }
  assert.deepEqual(found, ["20 band 12 108 70"]);
  agreement.forget("band");
  assert.equal(agreement.add("patch", { window: 31, mean: 108 }), undefined);
});

test(`simulated wearers: one who is alone is hardly doubted, two who share are found (seed ${seed})`, () => {
  const PEOPLE = 400;
  let falsely = 0;
  let found = 0;
  let pressuresFalsely = 0;
  let pressuresFound = 0;
  let [different, pressuresDiffer] = [0, 0];
  for (let n = 0; n < PEOPLE; n++) {
    const { float, int, normal } = dice(100 + n);
    const [own, other] = [50 + float() * 60, 50 + float() * 60];
    const [alone, shared] = [sparse("body-weight"), sparse("body-weight")];
    const [scatter, pressure] = [6 + float() * 8, 110 + float() * 40];
    const otherPressure = 100 + float() * 70;
    const [cuff, sharedCuff] = [sparse("nibp-systolic"), sparse("nibp-systolic")];
    const seen = { alone: false, shared: false, cuff: false, sharedCuff: false };
    for (let day = 0; day < 60; day++) {
      const at = day * DAY;
      const isOther = int(2) === 0;
      const noise = 0.6 * normal();
      seen.alone = alone.add("scale", at, own + noise) !== undefined || seen.alone;
      seen.shared = shared.add("scale", at, (isOther ? other : own) + noise) !== undefined || seen.shared;
      const drift = scatter * normal();
      seen.cuff = cuff.add("cuff", at, pressure + drift) !== undefined || seen.cuff;
      seen.sharedCuff =
        sharedCuff.add("cuff", at, (isOther ? otherPressure : pressure) + drift) !== undefined || seen.sharedCuff;
    }
    if (seen.alone) falsely++;
    if (seen.cuff) pressuresFalsely++;
    if (Math.abs(own - other) > 5) {
      different++;
      if (seen.shared) found++;
    }
    if (Math.abs(pressure - otherPressure) > 40) {
      pressuresDiffer++;
      if (seen.sharedCuff) pressuresFound++;
    }
  }
  console.log(
    `of ${PEOPLE} in 60 days: scale alone ${falsely} doubted, ${found} of ${different} shared found; cuff alone ${pressuresFalsely}, ${pressuresFound} of ${pressuresDiffer} shared`,
  );
  assert.ok(falsely <= PEOPLE * 0.005, `${falsely} doubted who are alone on their scale`);
  assert.ok(found >= different * 0.95, `${found} of ${different} who share a scale`);
  assert.ok(pressuresFound >= pressuresDiffer * 0.5, `${pressuresFound} of ${pressuresDiffer} who share a cuff`);
  assert.ok(pressuresFalsely <= PEOPLE * 0.02, `${pressuresFalsely} doubted who are alone with their cuff`);
});
