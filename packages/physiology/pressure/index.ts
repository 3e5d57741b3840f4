import { mean, standardDeviation } from "../statistics.ts";
import tables from "./categories.json" with { type: "json" };

/** mm[Hg]; `at` in milliseconds since 1970. */
export interface Pressure {
  readonly at: number;
  readonly systolic: number;
  readonly diastolic: number;
}

export interface PressureMean {
  readonly systolic: number;
  readonly diastolic: number;
  readonly count: number;
}

export interface PressureSummary {
  readonly all: PressureMean | null;
  readonly day: PressureMean | null;
  readonly night: PressureMean | null;
  /** How far systolic pressure falls at night, % of the day's; null without enough of both. */
  readonly dip: number | null;
  readonly dipping: "extreme" | "dipper" | "non-dipper" | "reverse" | null;
  /** Of systolic pressure: deviation, part of the mean (%), and the mean change from one reading to the next. */
  readonly variability: { readonly sd: number; readonly cv: number; readonly arv: number } | null;
  /** What was no pressure of anybody. */
  readonly unusable: number;
}

/** Fewer readings of a night are no night. O'Brien E et al. J Hypertens 2013;31:1731 asks for 20 by day and 7 by night. */
const NIGHT_FEWEST = 7;
const DAY_FEWEST = 20;

/**
 * Averages of ambulatory measurement, by day and night, and how much it varies (Mena L et al. J Hypertens 2005;23:505).
 *
 * @param isNight whether this person sleeps then
 */
export function summariseDay(readings: readonly Pressure[], isNight: (at: number) => boolean): PressureSummary {
  const usable = readings.filter((one) => isUsable(one) && Number.isFinite(one.at)).toSorted((a, b) => a.at - b.at);
  const night = usable.filter(({ at }) => isNight(at));
  const day = usable.filter(({ at }) => !isNight(at));
  const means = { all: meanOf(usable), day: meanOf(day), night: meanOf(night) };
  const isEnough = day.length >= DAY_FEWEST && night.length >= NIGHT_FEWEST;
  const dip =
    isEnough && means.day && means.night
      ? (100 * (means.day.systolic - means.night.systolic)) / means.day.systolic
      : null;
  const dipping = dip === null ? null : dippingOf(dip);
  return { ...means, dip, dipping, variability: variabilityOf(usable), unusable: readings.length - usable.length };
}

/**
 * Measurement at home: the first day is for getting used to it and is left out, the rest is averaged. ESC/ESH 2018: seven
 * days, at least three, mornings and evenings.
 *
 * @param dayOf the local date @returns null of fewer than three days
 */
export function homeMean(readings: readonly Pressure[], dayOf: (at: number) => string): PressureMean | null {
  const usable = readings.filter((one) => isUsable(one) && Number.isFinite(one.at));
  const days = [...new Set(usable.map(({ at }) => dayOf(at)))].sort();
  if (days.length < 3) return null;
  return meanOf(usable.filter(({ at }) => dayOf(at) !== days[0]));
}

/** Where two categories hold, the graver. @throws RangeError no such scale */
export function categoryOf(scale: string, { systolic, diastolic }: Omit<Pressure, "at">): string | null {
  const found = tables.scales.find(({ id }) => id === scale);
  if (!found) throw new RangeError(`no scale "${scale}"; there are ${tables.scales.map(({ id }) => id).join(", ")}`);
  if (!isUsable({ systolic, diastolic })) return null;
  const reaches = (value: number, least: number | null) => least !== null && Math.round(value) >= least;
  const band = found.bands.find(
    (one) => reaches(systolic, one.systolic) || reaches(diastolic, one.diastolic) || isLowest(one),
  );
  return band?.name ?? null;
}

const isLowest = (band: { systolic: number | null; diastolic: number | null }) =>
  band.systolic === null && band.diastolic === null;

const isUsable = ({ systolic, diastolic }: Omit<Pressure, "at">) =>
  diastolic > 0 && systolic > diastolic && systolic < 400;

function meanOf(readings: readonly Pressure[]): PressureMean | null {
  if (readings.length === 0) return null;
  return {
    systolic: mean(readings.map(({ systolic }) => systolic)),
    diastolic: mean(readings.map(({ diastolic }) => diastolic)),
    count: readings.length,
  };
}

function dippingOf(dip: number): PressureSummary["dipping"] {
  if (dip < 0) return "reverse";
  if (dip < 10) return "non-dipper";
  return dip <= 20 ? "dipper" : "extreme";
}

function variabilityOf(readings: readonly Pressure[]): PressureSummary["variability"] {
  if (readings.length < 3) return null;
  const systolic = readings.map((reading) => reading.systolic);
  const sd = standardDeviation(systolic);
  const changes = systolic.slice(1).map((value, i) => Math.abs(value - (systolic[i] as number)));
  return { sd, cv: (100 * sd) / mean(systolic), arv: mean(changes) };
}
