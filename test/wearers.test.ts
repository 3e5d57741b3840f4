import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Agreement, DenseWearer, denseRuleOf, SparseWearer, sparseRuleOf } from "@openward/timeseries/wearers";

// How often people who really wore their devices are doubted, and how often two who were swapped are found; docs/adr/0056.

const shared = process.env.SHARED_DATA ?? fileURLToPath(new URL("../../shared/data/", import.meta.url));
const skip = !existsSync(shared) && "the recordings of ../shared/data are not here";
const MINUTE = 60_000;

interface Recording {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

function csv(path: string): string[][] {
  const bytes = readFileSync(`${shared}${path}`);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
}

function bidmc(column: number): Recording[] {
  const files = readdirSync(`${shared}ecg/bidmc`).filter((name) => name.endsWith("_Numerics.csv"));
  return files.map((name) => {
    const rows = csv(`ecg/bidmc/${name}`)
      .slice(1)
      .filter((row) => Number(row[column]) > 0);
    return { times: rows.map((row) => Number(row[0]) * 1000), values: rows.map((row) => Number(row[column])) };
  });
}

/** By person. All studies: ALL_STUDIES=1; these three are a fourth of the readings. */
const STUDIES = ["BIGIDEAs", "Hall_2018", "T1D-UOM"];

function glucose(): Recording[] {
  const all = new Map<string, { times: number[]; values: number[] }>();
  for (const study of readdirSync(`${shared}cgm`)) {
    if (!process.env.ALL_STUDIES && !STUDIES.includes(study)) continue;
    if (!existsSync(`${shared}cgm/${study}/glucose.csv.gz`)) continue;
    for (const [person, at, value] of csv(`cgm/${study}/glucose.csv.gz`).slice(1)) {
      const one = all.get(`${study} ${person}`) ?? { times: [], values: [] };
      all.set(`${study} ${person}`, one);
      if (!(Number(value) > 0)) continue;
      one.times.push(Date.parse(`${at}Z`));
      one.values.push(Number(value));
    }
  }
  return [...all.values()];
}

/** Of the first 48 hours in intensive care. */
function intensive(parameter: string): Recording[] {
  const all = new Map<string, { times: number[]; values: number[] }>();
  for (const [person = "", at = "", name, value] of csv("icu/challenge2012/records.csv.gz").slice(1)) {
    if (name !== parameter || !(Number(value) > 0)) continue;
    const one = all.get(person) ?? { times: [], values: [] };
    all.set(person, one);
    const [hours = 0, minutes = 0] = at.split(":").map(Number);
    one.times.push((hours * 60 + minutes) * MINUTE);
    one.values.push(Number(value));
  }
  return [...all.values()];
}

interface Wearer {
  add(time: number, value: number): unknown;
}
const isDoubted = (wearer: Wearer, { times, values }: Recording) =>
  times.filter((time, i) => wearer.add(time, values[i] as number) !== undefined).length;

function sparse(signal: string): Wearer {
  const rule = sparseRuleOf(signal);
  assert.ok(rule);
  const wearer = new SparseWearer(rule);
  return { add: (time, value) => wearer.add("device", time, value) };
}
function dense(): DenseWearer {
  const found = denseRuleOf("heart-rate");
  assert.ok(found);
  return new DenseWearer(found[1]);
}

const LONGEST = 2_000;

const beginning = ({ times, values }: Recording): Recording => ({
  times: times.slice(0, LONGEST),
  values: values.slice(0, LONGEST),
});

/** The half of one and then, after a silence, the half of another; of months, days. */
function swapped(whole: Recording, wholeOther: Recording, silenceMs: number): Recording {
  const [one, other] = [beginning(whole), beginning(wholeOther)];
  const half = one.times.length >> 1;
  const end = one.times[half - 1] ?? 0;
  const start = other.times[half] ?? other.times[0] ?? 0;
  const rest = other.times.flatMap((time, i) => (time >= start ? [i] : []));
  return {
    times: [...one.times.slice(0, half), ...rest.map((i) => (other.times[i] as number) - start + end + silenceMs)],
    values: [...one.values.slice(0, half), ...rest.map((i) => other.values[i] as number)],
  };
}

function measure(
  of: string,
  recordings: Recording[],
  wearer: () => Wearer,
  silenceMs: number,
  isDifferent: (a: Recording, b: Recording) => boolean,
) {
  let [readings, doubts, doubted, pairs, found, different, foundOfThem] = [0, 0, 0, 0, 0, 0, 0];
  const own = recordings.map((recording) => isDoubted(wearer(), recording));
  recordings.forEach((one, i) => {
    readings += one.times.length;
    doubts += own[i] ?? 0;
    if (own[i]) doubted++;
    for (let step = 1; step <= 5; step++) {
      const k = (i + step) % recordings.length;
      const other = recordings[k];
      // Whoever is doubted alone proves nothing in two.
      if (!other || other === one || own[i] || own[k]) continue;
      if (one.times.length < 12 || other.times.length < 12) continue;
      pairs++;
      const isFound = isDoubted(wearer(), swapped(one, other, silenceMs)) > 0;
      if (isFound) found++;
      if (!isDifferent(one, other)) continue;
      different++;
      if (isFound) foundOfThem++;
    }
  });
  console.log(
    `${of}: ${recordings.length} people, ${readings} readings: ${doubts} doubts about ${doubted} people; ` +
      `of ${pairs} swaps ${found} found, of ${different} between people who differ ${foundOfThem}`,
  );
  return { people: recordings.length, readings, doubts, doubted, pairs, found, different, foundOfThem };
}

const meanOf = ({ values }: Recording) => values.reduce((sum, value) => sum + value, 0) / values.length;
const apart = (by: number) => (a: Recording, b: Recording) => Math.abs(meanOf(a) - meanOf(b)) >= by;

test("heart rates of intensive care: nobody is doubted, and those who differ are found", { skip }, () => {
  const { doubts, different, foundOfThem } = measure("BIDMC heart rate", bidmc(1), dense, MINUTE, apart(40));
  assert.equal(doubts, 0);
  assert.ok(foundOfThem >= 0.6 * different, `${foundOfThem} of ${different}`);
});

test("the pulse of a patient's own oximeter is not another patient's", { skip }, () => {
  const found = denseRuleOf("heart-rate");
  assert.ok(found?.[1].apart);
  const [, rule] = found;
  const { apart: limits } = rule;
  const means = (recording: Recording) => {
    const wearer = new DenseWearer(rule);
    return recording.times.flatMap((time, i) => {
      wearer.add(time, recording.values[i] as number);
      return [...wearer.ended()];
    });
  };
  const [hearts, pulses] = [bidmc(1).map(means), bidmc(2).map(means)];
  // Eight minutes each: played three times.
  const thrice = (windows: { window: number; mean: number }[]) =>
    [0, 1, 2].flatMap((n) => windows.map(({ window, mean }) => ({ window: window + 10 * n, mean })));
  const isApart = (heart: { window: number; mean: number }[], pulse: typeof heart) => {
    assert.ok(limits);
    const agreement = new Agreement(limits, MINUTE);
    let is = false;
    for (const one of thrice(heart)) {
      agreement.add("monitor", one);
      const theirs = thrice(pulse).find(({ window }) => window === one.window);
      if (theirs && agreement.add("oximeter", theirs)) is = true;
    }
    return is;
  };
  const falsely = hearts.filter((heart, i) => isApart(heart, pulses[i] ?? [])).length;
  let [different, found2] = [0, 0];
  hearts.forEach((heart, i) => {
    const other = pulses[(i + 1) % pulses.length] ?? [];
    const mean = (all: typeof heart) => all.reduce((sum, one) => sum + one.mean, 0) / all.length;
    if (Math.abs(mean(heart) - mean(other)) < 25) return;
    different++;
    if (isApart(heart, other)) found2++;
  });
  console.log(
    `BIDMC heart and pulse: ${hearts.length} people, ${falsely} doubted; of ${different} pairs that differ ${found2} found`,
  );
  assert.equal(falsely, 0);
  assert.ok(found2 >= 0.8 * different);
});

test("sensors of glucose, months of them", { skip }, () => {
  const { doubts, readings } = measure("CGM", glucose(), () => sparse("glucose-interstitial"), 5 * MINUTE, apart(60));
  assert.ok(doubts <= readings / 30_000, `${doubts} of ${readings}`);
});

for (const [parameter, signal, by, most] of [
  ["NISysABP", "nibp-systolic", 50, 0.05],
  // Estimates, beds that weigh what lies in them, pounds: one in seven has two weights that cannot both be theirs.
  ["Weight", "body-weight", 12, 0.2],
  ["Temp", "body-temperature", 3, 0.01],
] as const) {
  test(`${signal} of intensive care, typed in`, { skip }, () => {
    const { doubted, people } = measure(signal, intensive(parameter), () => sparse(signal), 60 * MINUTE, apart(by));
    assert.ok(doubted <= most * people, `${doubted} of ${people}`);
  });
}
