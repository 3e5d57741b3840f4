import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { type BaselineOptions, createBaseline } from "./index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);
const UTC: BaselineOptions = { offsetMinutes: () => 0 };

const seed = Number(process.env.SEED ?? 20261128);
console.log(`seed ${seed}`);

/** Heart rate of somebody who sleeps at night: 60 then and 80 by day, every half hour. */
function rates(days: number, random: () => number, planted: (at: number) => number = () => 0): [number, number][] {
  return Array.from({ length: days * 48 }, (_, i) => {
    const at = START + i * (HOUR / 2);
    const hour = (at / HOUR) % 24;
    const noise = random() + random() + random() - 1.5;
    return [at, (hour < 6 ? 60 : 80) + 6 * noise + planted(at)];
  });
}
const filled = (readings: readonly (readonly [number, number])[], options = UTC) => {
  const baseline = createBaseline(options);
  for (const [at, value] of readings) baseline.push(at, value);
  return baseline;
};

test("before a week of their own nothing is said, and then what is usual goes by the time of day", () => {
  const random = seededRandom(seed).float;
  const all = rates(30, random);
  const early = filled(all.slice(0, 6 * 48)).look(START + 6 * DAY);
  assert.deepEqual([early.state, early.expected, early.unusual], ["learning", null, null]);
  assert.match(early.absent ?? "", /days are known, and 7 are needed/);
  const baseline = filled(all);
  const night = baseline.look(START + 30 * DAY + 4 * HOUR);
  const day = baseline.look(START + 30 * DAY + 15 * HOUR);
  assert.deepEqual([night.state, day.state], ["usual", "usual"]);
  assert.ok(Math.abs((night.expected?.middle ?? 0) - 60) < 2 && Math.abs((day.expected?.middle ?? 0) - 80) < 2);
  assert.ok((night.expected?.high ?? 99) < 70 && (day.expected?.low ?? 0) > 70);
  assert.ok(day.days >= 28 && day.days <= 29);
});

test("a rise that is ordinary for others, and of any hour but this one, is found within a day and told since when", () => {
  for (let i = 0; i < 5; i++) {
    const random = seededRandom(seed + i).float;
    const from = START + 25 * DAY;
    const all = rates(27, random, (at) => (at >= from ? 12 : 0));
    const baseline = createBaseline(UTC);
    let found: number | null = null;
    for (const [at, value] of all) {
      baseline.push(at, value);
      const { unusual } = baseline.look(at);
      if (unusual && at < from) assert.fail(`seed ${seed + i}: said before there was anything`);
      if (unusual) found ??= at;
    }
    assert.ok(
      found !== null && found - from <= DAY,
      `seed ${seed + i}: found ${(Number(found) - from) / HOUR} h after`,
    );
    const { unusual, value, expected } = baseline.look(START + 27 * DAY - 1);
    assert.equal(unusual?.direction, "higher");
    assert.ok(Math.abs((unusual?.since ?? 0) - from) <= 6 * HOUR);
    assert.ok((unusual?.readings ?? 0) >= 12 && (unusual?.parts ?? 0) >= 2);
    assert.ok((value ?? 0) > (expected?.high ?? 999));
  }
});

test("one reading, and one part of a day however far off, raises nothing", () => {
  const random = seededRandom(seed).float;
  const readings = rates(20, random);
  const baseline = filled([...readings, [START + 20 * DAY, 900]]);
  for (let i = 1; i < 20; i++) baseline.push(START + 20 * DAY + i * 9 * 60_000, 900);
  for (const [at, value] of rates(22, random).filter(([at]) => at >= START + 20 * DAY + 3 * HOUR)) {
    baseline.push(at, value);
    assert.equal(baseline.look(at).state, "usual", new Date(at).toISOString());
  }
});

test("of what is measured once a day two or three days are enough, and one is not", () => {
  const random = seededRandom(seed).float;
  const weight = () => 80 + 0.5 * (random() + random() - 1);
  const morning = (day: number) => START + day * DAY + 7 * HOUR;
  const baseline = createBaseline({ ...UTC, leastSpread: 0.2 });
  for (let day = 0; day < 21; day++) baseline.push(morning(day), weight());
  for (let day = 21; day < 26; day++) {
    baseline.push(morning(day), weight() + 2);
    const { unusual } = baseline.look(morning(day));
    // What is told on a morning is what the mornings before it come to.
    if (day <= 22) assert.equal(unusual, null, `day ${day}`);
    if (day >= 24) assert.equal(unusual?.since, morning(21), `day ${day}`);
  }
});

test("it is over when a few parts of days were usual again, and a new level is learned in the end", () => {
  const random = seededRandom(seed).float;
  const ill = [START + 20 * DAY, START + 24 * DAY] as const;
  const back = filled(rates(26, random, (at) => (at >= ill[0] && at < ill[1] ? 15 : 0))).look(START + 26 * DAY - 1);
  assert.deepEqual([back.state, Math.abs((back.expected?.middle ?? 0) - 80) < 2], ["usual", true]);
  const stays = (days: number) =>
    filled(rates(20 + days, random, (at) => (at >= ill[0] ? 15 : 0))).look(START + (20 + days) * DAY - 1);
  assert.equal(stays(12).state, "unusual", "not learned while it is news");
  assert.equal(stays(45).state, "usual");
});

test("a level that creeps is usual every day, and is told as a drift", () => {
  const random = seededRandom(seed).float;
  const creeping = filled(rates(60, random, (at) => (0.35 * (at - START)) / DAY)).look(START + 60 * DAY - 1);
  assert.ok(creeping.drift && creeping.drift.spreads > 2 && creeping.drift.to > creeping.drift.from);
  assert.equal(filled(rates(60, random)).look(START + 60 * DAY - 1).drift, null);
});

test("summer time moves the usual hours with the clock of the person", () => {
  const random = seededRandom(seed).float;
  const change = START + 20 * DAY;
  // The person gets up by the clock: an hour earlier in UTC from then on, and later nine hours earlier after a journey.
  const offset = (at: number) => (at >= change + 3 * DAY ? 600 : at >= change ? 60 : 0);
  const lived = rates(26, random).map(([at]) => {
    const hour = ((at + offset(at) * 60_000) / HOUR) % 24;
    return [at, (hour < 6 ? 60 : 80) + 4 * (random() - 0.5)] as const;
  });
  const moved = createBaseline({ offsetMinutes: offset });
  for (const [at, value] of lived) {
    moved.push(at, value);
    assert.notEqual(moved.look(at).state, "unusual", new Date(at).toISOString());
  }
});

test("whatever comes is no reason to stop or to make something up", () => {
  const baseline = filled(rates(20, seededRandom(seed).float));
  const before = baseline.look(START + 20 * DAY);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) baseline.push(START + 20 * DAY, value);
  baseline.push(Number.NaN, 70);
  baseline.push(START, 70);
  const after = baseline.look(START + 20 * DAY);
  assert.deepEqual([after.unusable, after.late, after.value], [3, 1, before.value]);
  // Silence is no usual day.
  assert.deepEqual([baseline.look(START + 22 * DAY).state, baseline.look(START + 22 * DAY).unusual], ["silent", null]);
  assert.equal(baseline.look(START + 120 * DAY).state, "learning");
  // One that is dated ahead says nothing, and does not shut out what comes after it.
  baseline.push(START + 900 * DAY, 70);
  assert.equal(baseline.look(START + 20 * DAY).state, "silent");
  for (let i = 0; i < 30; i++) baseline.push(START + 20 * DAY + i * 60_000, 70);
  assert.notEqual(baseline.look(START + 20 * DAY + HOUR).state, "silent");
  // A sensor that always says the same has no spread, and what is next to it is not unusual.
  const flat = filled(rates(20, () => 0.5).map(([at]) => [at, 70] as const));
  for (let i = 0; i < 48; i++) flat.push(START + 20 * DAY + i * HOUR, 70.5);
  assert.equal(flat.look(START + 22 * DAY).state, "usual");
  assert.deepEqual(createBaseline({ offsetMinutes: () => Number.NaN }).look(START).state, "learning");
});

test("looking in between, however often, changes nothing", () => {
  const readings = rates(18, seededRandom(seed).float, (at) => (at > START + 15 * DAY ? 10 : 0));
  const end = START + 18 * DAY;
  const once = filled(readings).look(end);
  const often = createBaseline(UTC);
  for (const [i, [at, value]] of readings.entries()) {
    often.push(at, value);
    if (i % 3 === 0) often.look(at + (i % 5) * 20 * HOUR);
  }
  assert.deepEqual(often.look(end), once);
  assert.equal(once.state, "unusual");
});

test("a day of readings a second is as much as one of a reading an hour", () => {
  const random = seededRandom(seed).float;
  const often = createBaseline(UTC);
  for (let day = 0; day < 12; day++)
    for (let i = 0; i < 24 * 360; i++) often.push(START + day * DAY + i * 10_000, 70 + 5 * (random() - 0.5));
  const { expected, days } = often.look(START + 12 * DAY - 1);
  assert.equal(days, 12);
  assert.ok(Math.abs((expected?.middle ?? 0) - 70) < 1);
});
