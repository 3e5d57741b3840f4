import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Baseline, createBaseline, type Direction } from "@openward/physiology/baseline";
import { deteriorationInputs } from "@openward/physiology/deterioration";
import { intervalBy } from "../interval.ts";
import { readStays, FOLDER as STAYS } from "../records/challenge2012.ts";
import { FOLDERS, type PersonalSeries, readPersonalSeries } from "../records/personal-series.ts";
import type { Row, Task } from "../task.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A shift is planted after so many days, for so many, of so many spreads. */
const PLANTED_AFTER_DAYS = 16;
const PLANTED_DAYS = 5;
const PLANTED_SPREADS = 3;
/** Where more of the readings than this would be cut off at 0, nothing is taken away. */
const CUT_MOST = 0.2;
/** Shorter series have no room for it. */
const DAYS_LEAST = PLANTED_AFTER_DAYS + PLANTED_DAYS;

interface Watched {
  readonly series: PersonalSeries;
  /** Days on which something was said, and those of them that were called unusual. */
  readonly days: number;
  readonly unusualDays: number;
  readonly raised: number;
  readonly planted: readonly Planted[];
}

interface Planted {
  readonly direction: Direction;
  /** Hours until it was said; null: not within the days that it lasted. */
  readonly delayHours: number | null;
}

export const baseline: Task = {
  id: "baseline",
  title: "Unusual for you: a baseline of one's own on series of weeks",
  needs: FOLDERS,
  published: null,
  async run(dir) {
    const all = readPersonalSeries(dir);
    const long = all.filter(({ times }) => (times.at(-1) ?? 0) - (times[0] ?? 0) >= DAYS_LEAST * DAY_MS);
    const watched = long.map(watch).filter(({ days }) => days > 0);
    const signals = [...new Set(watched.map(({ series }) => series.signal))];
    const rows = signals.flatMap((signal) =>
      rowsOf(
        signal,
        watched.filter(({ series }) => series.signal === signal),
      ),
    );
    return {
      rows,
      notes: [
        `${watched.length} series of at least ${DAYS_LEAST} days, of ${all.length}; its constants were chosen on these series as a whole, and none on a person. What is called unusual on their own days may be: whether somebody was ill is not recorded.`,
        `Planted: ${PLANTED_SPREADS} spreads (as the baseline had them then) added to or taken from every reading for ${PLANTED_DAYS} days, after ${PLANTED_AFTER_DAYS}; nothing below 0. Where it was unusual already, or a fifth of the readings would be cut off at 0 (steps), nothing is planted.`,
        "A sleep is one reading a day: it takes two or three of them. Found late or not at all are shifts that begin in days which vary more than before.",
        ...staysNote(dir),
      ],
      records: {
        head: ["person", "signal", "days", "unusual days", "raised", "higher found after h", "lower found after h"],
        lines: watched.map(({ series: { subject, signal }, days, unusualDays, raised, planted }) => [
          ...[subject, signal, days, unusualDays, raised].map(String),
          ...(["higher", "lower"] as const).map((direction) => {
            const one = planted.find((other) => other.direction === direction);
            return one === undefined ? "not planted" : (one.delayHours?.toFixed(0) ?? "not found");
          }),
        ]),
      },
    };
  },
};

function rowsOf(signal: string, watched: readonly Watched[]): Row[] {
  const sum = (drawn: readonly Watched[], of: (one: Watched) => number) =>
    drawn.reduce((total, one) => total + of(one), 0);
  const plantedOf = (drawn: readonly Watched[], direction: Direction) =>
    drawn.flatMap(({ planted }) => planted.filter((one) => one.direction === direction));
  const found = (direction: Direction) => (drawn: readonly Watched[]) => {
    const planted = plantedOf(drawn, direction);
    return (100 * planted.filter(({ delayHours }) => delayHours !== null).length) / planted.length;
  };
  const delays = watched
    .flatMap(({ planted }) => planted.flatMap(({ delayHours }) => delayHours ?? []))
    .sort((a, b) => a - b);
  const middle = delays[delays.length >> 1];
  return [
    row(
      `${signal}: said to be unusual, times in 30 days`,
      watched,
      (drawn) => (30 * sum(drawn, (one) => one.raised)) / sum(drawn, (one) => one.days),
      2,
    ),
    row(
      `${signal}: days called unusual, %`,
      watched,
      (drawn) => (100 * sum(drawn, (one) => one.unusualDays)) / sum(drawn, (one) => one.days),
      1,
    ),
    ...(["higher", "lower"] as const).flatMap((direction) => {
      const count = plantedOf(watched, direction).length;
      if (count === 0) return [];
      return [row(`${signal}: planted ${direction}, found, % of ${count}`, watched, found(direction), 0)];
    }),
    {
      ...{ measure: `${signal}: median delay of those found`, interval: null, target: null, isReached: null },
      ours: middle === undefined ? "none was found" : `${middle.toFixed(0)} h`,
    },
  ];
}

function row(
  measure: string,
  watched: readonly Watched[],
  of: (drawn: readonly Watched[]) => number,
  digits: number,
): Row {
  const interval = intervalBy(watched, of);
  const text = (value: number) => value.toFixed(digits);
  return {
    ...{ measure, ours: text(of(watched)), target: null, isReached: null },
    interval: interval && [text(interval[0]), text(interval[1])],
  };
}

/** The series as it is, and again with a shift. */
function watch(series: PersonalSeries): Watched {
  const plain = run(series);
  const from = (series.times[0] ?? 0) + PLANTED_AFTER_DAYS * DAY_MS;
  const before = run(series, from).atEnd;
  const planted = (["higher", "lower"] as const).flatMap((direction): Planted[] => {
    const spread = before.spreads[direction];
    if (spread === null || before.isUnusual) return [];
    const shift = (direction === "higher" ? 1 : -1) * PLANTED_SPREADS * spread;
    const until = from + PLANTED_DAYS * DAY_MS;
    if (partBelow(series, from, until, -shift) > CUT_MOST) return [];
    const { raised } = run(series, until, (at, value) => (at < from ? value : Math.max(value + shift, 0)));
    const first = raised.find((one) => one.at >= from && one.direction === direction);
    return [{ direction, delayHours: first ? (first.at - from) / HOUR_MS : null }];
  });
  const { days, unusualDays, raised } = plain;
  return { series, days, unusualDays, raised: raised.length, planted };
}

/** @param until ms @param changed what is pushed in place of a value */
function run(
  { times, values }: PersonalSeries,
  until = Number.POSITIVE_INFINITY,
  changed = (_: number, value: number) => value,
) {
  const one = createBaseline({ offsetMinutes: () => 0 });
  const raised: { readonly at: number; readonly direction: Direction }[] = [];
  const spoken = new Set<number>();
  const unusual = new Set<number>();
  let before: number | null = null;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < times.length && (times[i] as number) < until; i++) {
    const at = times[i] as number;
    one.push(at, changed(at, values[i] as number));
    // A part of a day ends with the first reading of the next: looking every hour misses none.
    if (at - last < HOUR_MS && i + 1 < times.length) continue;
    last = at;
    const looked = one.look(at);
    if (looked.state === "learning" || looked.state === "silent") continue;
    spoken.add(Math.floor(at / DAY_MS));
    if (looked.unusual) unusual.add(Math.floor(at / DAY_MS));
    if (looked.unusual && looked.unusual.raisedAt !== before) raised.push({ at, direction: looked.unusual.direction });
    before = looked.unusual?.raisedAt ?? null;
  }
  const end = Math.min(until, times.at(-1) ?? 0);
  const spreads = { higher: spreadOf(one, end, "higher"), lower: spreadOf(one, end, "lower") };
  return {
    ...{ days: spoken.size, unusualDays: unusual.size, raised },
    atEnd: { spreads, isUnusual: one.look(end).unusual !== null },
  };
}

/** The mean over the parts of a day; null while learning. */
function spreadOf(one: Baseline, end: number, direction: Direction): number | null {
  const parts = Array.from({ length: 8 }, (_, i) => one.look(end - 3 * i * HOUR_MS).expected);
  const spreads = parts.flatMap((part) =>
    part ? [(direction === "higher" ? part.high - part.middle : part.middle - part.low) / 2] : [],
  );
  return spreads.length < parts.length ? null : spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length;
}

/** Of the readings in that time: so many could not be made so much less. */
function partBelow({ times, values }: PersonalSeries, from: number, until: number, least: number): number {
  const own = Array.from(values).filter((_, i) => (times[i] as number) >= from && (times[i] as number) < until);
  return own.filter((value) => value < least).length / own.length;
}

/** Two days in intensive care are no baseline. */
function staysNote(dir: string): string[] {
  if (!existsSync(join(dir, STAYS))) return [];
  const vitals = deteriorationInputs.filter(({ needs }) => needs === "vitals").map(({ id }) => id);
  let series = 0;
  let spoke = 0;
  for (const { readings } of readStays(dir))
    for (const id of vitals) {
      const own = readings.filter((reading) => reading.id === id);
      if (own.length === 0) continue;
      const one = createBaseline({ offsetMinutes: () => 0 });
      for (const { hours, value } of own) one.push(hours * HOUR_MS, value);
      series++;
      if (one.look(48 * HOUR_MS).state !== "learning") spoke++;
    }
  return [
    `Of ${series} vital signs of stays of 48 hours in intensive care it said something of ${spoke}: two days are no past to compare with.`,
  ];
}
