import { agePoints, type DeteriorationInput, deteriorationInputs, logOddsOf, oxygenationPoints } from "./inputs.ts";
import type { DayWindow } from "./window.ts";

/** What is known of a patient beforehand. What is left out is unknown. */
export interface About {
  readonly ageYears?: number;
  /** Where an adult in intensive care lies. */
  readonly unit?: "coronary" | "cardiac surgery" | "medical" | "surgical";
}

export type Windows = ReadonlyMap<string, DayWindow>;

/** After three days in the ward an hour more or less says nothing. */
const HOURS_MOST = 72;
const HOUR_MS = 3_600_000;
/** Of a sum: the last buckets that are "now", the one that is not over and three before it. */
const NOW_BUCKETS = 4;

interface Feature {
  readonly name: string;
  of(asked: Asked): number;
}

interface Asked {
  readonly now: number;
  /** Hours since the first reading of any input. */
  readonly hours: number;
  readonly about: About;
  readonly windows: Windows;
}

type Part = (window: DayWindow, asked: Asked) => number;

const patient: readonly Feature[] = [
  { name: "patient.age", of: ({ about }) => about.ageYears ?? Number.NaN },
  { name: "patient.points", of: ({ about }) => logOddsOf(agePoints, about.ageYears ?? Number.NaN) },
  ...(["coronary", "cardiac surgery", "medical"] as const).map((unit) => ({
    name: `patient.${unit.replace(" ", "-")}`,
    of: ({ about }: Asked) => (about.unit === undefined ? Number.NaN : Number(about.unit === unit)),
  })),
  { name: "patient.hours", of: ({ hours }) => Math.min(hours, HOURS_MOST) },
];

const oxygenation: readonly Feature[] = [
  { name: "oxygenation.now", of: (asked) => oxygenationOf(asked).now },
  { name: "oxygenation.low", of: (asked) => oxygenationOf(asked).low },
  { name: "oxygenation.points", of: (asked) => logOddsOf(oxygenationPoints, oxygenationOf(asked).low) },
];

const features: readonly Feature[] = [...patient, ...deteriorationInputs.flatMap(featuresOf)];
const withLabs = [...features, ...oxygenation];
const labs = new Set(deteriorationInputs.filter(({ needs }) => needs === "labs").map(({ id }) => id));
const vitals = features.filter(({ name }) => !labs.has(signalOf(name)));

/** With what a laboratory tells, and without. */
export type Scope = "all" | "vitals";
const scopes: Readonly<Record<Scope, readonly Feature[]>> = { all: withLabs, vitals };

/** "pulse.high": of the input before the point. */
export const featureNames = (scope: Scope): readonly string[] => scopes[scope].map(({ name }) => name);
/** What a feature is counted with when shares are told. */
export function signalOf(feature: string): string {
  return feature.slice(0, feature.indexOf("."));
}

/** @returns one number a name, NaN where nothing was measured */
export const featuresAt = (scope: Scope, asked: Asked): Float32Array =>
  Float32Array.from(scopes[scope], ({ of }) => of(asked));

function featuresOf(input: DeteriorationInput): readonly Feature[] {
  const scale = input.isLog ? Math.log : (value: number) => value;
  const parts = input.isAmount ? amounts(input) : input.id === "ventilation" ? support(input) : levels(input, scale);
  return Object.entries(parts).map(([part, of]) => ({
    name: `${input.id}.${part}`,
    of: (asked) => {
      const window = asked.windows.get(input.id);
      return window ? of(window, asked) : Number.NaN;
    },
  }));
}

/** Counts and times since the last are left out on purpose: how often staff measured tells of their worry and of their ward. */
function levels({ points }: DeteriorationInput, scale: (value: number) => number): Record<string, Part> {
  const day = (window: DayWindow, now: number) => known(window.means(now)).map(scale);
  const newest = (window: DayWindow, now: number) => day(window, now).at(-1) ?? Number.NaN;
  const of: Record<string, Part> = {
    now: (window, { now }) => newest(window, now),
    low: (window, { now }) => leastOf(day(window, now)),
    high: (window, { now }) => mostOf(day(window, now)),
  };
  if (points) {
    of.points = (window, { now }) => mostOf(known(window.means(now)).map((value) => logOddsOf(points, value)));
    of.pointsNow = (window, { now }) => logOddsOf(points, known(window.means(now)).at(-1) ?? Number.NaN);
  }
  return of;
}

/** Per day, from what there was since the first reading or in the last day. */
function amounts({ points }: DeteriorationInput): Record<string, Part> {
  const perDay = (sum: number, hours: number, most: number) => (sum * 24) / Math.min(Math.max(hours, 2), most);
  const day: Part = (window, { now, hours }) =>
    window.counts(now).some((count) => count > 0)
      ? perDay(
          window.sums(now).reduce((sum, one) => sum + one, 0),
          hours,
          windowHours(now, 13),
        )
      : Number.NaN;
  return {
    day,
    now: (window, asked) =>
      window.counts(asked.now).some((count) => count > 0)
        ? perDay(
            window
              .sums(asked.now)
              .slice(-NOW_BUCKETS)
              .reduce((sum, one) => sum + one, 0),
            asked.hours,
            windowHours(asked.now, NOW_BUCKETS),
          )
        : Number.NaN,
    ...(points ? { points: ((window, asked) => logOddsOf(points, day(window, asked))) as Part } : {}),
  };
}

/** It is told again and again while it lasts, and has ended when it is no longer told. Where it never was, nothing is said of it, as of any other input. */
function support({ points }: DeteriorationInput): Record<string, Part> {
  const isNow = (window: DayWindow, now: number) => (hoursSince(window, now) <= 6 ? window.last : 0);
  return {
    now: (window, { now }) => isNow(window, now),
    day: (window, { now }) => known(window.means(now)).reduce((sum, one) => sum + one, 0) / 13,
    points: (window, { now }) => (points ? logOddsOf(points, mostOf([0, ...known(window.means(now))])) : Number.NaN),
  };
}

/** mm[Hg]: of each two hours with arterial oxygen, over the fraction inspired then or last before. */
function oxygenationOf({ windows, now }: Asked): { readonly now: number; readonly low: number } {
  const pressures = windows.get("pao2")?.means(now) ?? new Float64Array();
  const fractions = windows.get("fio2")?.means(now) ?? new Float64Array();
  let fraction = Number.NaN;
  const found: number[] = [];
  for (const [i, pressure] of pressures.entries()) {
    const told = fractions[i] ?? Number.NaN;
    if (!Number.isNaN(told)) fraction = told / 100;
    if (!Number.isNaN(pressure / fraction)) found.push(pressure / fraction);
  }
  return { now: found.at(-1) ?? Number.NaN, low: leastOf(found) };
}

/** The last `buckets` of two hours, of which one is not over. */
const windowHours = (now: number, buckets: number) => (buckets - 1) * 2 + (now % (2 * HOUR_MS)) / HOUR_MS;
const hoursSince = (window: DayWindow, now: number) => Math.min((now - window.lastAt) / HOUR_MS, HOURS_MOST);
const known = (values: Float64Array): number[] => Array.from(values).filter((value) => !Number.isNaN(value));
const leastOf = (values: readonly number[]) => (values.length > 0 ? Math.min(...values) : Number.NaN);
const mostOf = (values: readonly number[]) => (values.length > 0 ? Math.max(...values) : Number.NaN);
