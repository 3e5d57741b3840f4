/** Parts of a day that have a level each: three hours. */
export const PARTS = 8;
/** Days of each part that are remembered, and how long one counts half as much as today. */
const DAYS_KEPT = 28;
const HALF_LIFE_DAYS = 14;
/** So many days ago it is no longer how somebody is. */
const FORGOTTEN_DAYS = 60;
/** As many days as these, and a part of the day is believed as much as the whole. */
const SHRINKAGE_DAYS = 3;
/** From the median absolute deviation to the standard deviation of a normal distribution. */
const TO_DEVIATION = 1.4826;

/** What is usual at one time of day. */
export interface Usual {
  readonly middle: number;
  /** As a standard deviation, from medians: how far an ordinary three hours are from the middle. */
  readonly spread: number;
}

interface Entry {
  readonly day: number;
  readonly value: number;
}

/** Of one signal of one person: the middles of three hours each, of the last four weeks. */
export class History {
  readonly #parts: Entry[][] = Array.from({ length: PARTS }, () => []);
  /** Worked out once a day and change, and asked for with each look. */
  #found: Found | null = null;

  /** @param day local, counted from 1970 */
  add(day: number, part: number, value: number): void {
    const entries = this.#parts[part] as Entry[];
    entries.push({ day, value });
    if (entries.length > DAYS_KEPT) entries.shift();
    this.#found = null;
  }

  /** Local days of which something is remembered. */
  days(today: number): number {
    return this.#at(today).days;
  }

  /** The middle over all of the day; NaN of nothing. */
  level(today: number): number {
    return this.#at(today).level;
  }

  /**
   * @param leastSpread below it differences are of the device, not of the person
   * @returns null of nothing
   */
  usual(today: number, part: number, leastSpread: number): Usual | null {
    const { days, usual } = this.#at(today);
    const { middle, spread } = usual[part] as Usual; // parts are those of a day
    return days === 0 ? null : { middle, spread: Math.max(spread, leastSpread) };
  }

  #at(today: number): Found {
    if (this.#found?.today !== today) this.#found = { today, ...foundOf(this.#parts, today) };
    return this.#found;
  }
}

interface Found {
  readonly today: number;
  readonly days: number;
  readonly level: number;
  readonly usual: readonly Usual[];
}

function foundOf(remembered: readonly (readonly Entry[])[], today: number): Omit<Found, "today"> {
  const parts = remembered.map((entries) => recent(entries, today));
  const level = weightedMedian(parts.flat(), today, ({ value }) => value);
  const middles = parts.map((entries) => middleOf(entries, today, level));
  const distances = parts.map((entries, i) =>
    entries.map(({ day, value }) => ({ day, value: Math.abs(value - (middles[i] as number)) })),
  );
  const spreadOf = (entries: readonly Entry[]) => TO_DEVIATION * weightedMedian(entries, today, ({ value }) => value);
  const whole = spreadOf(distances.flat());
  const usual = distances.map((own, i) => {
    const squares = own.length > 0 ? own.length * spreadOf(own) ** 2 : 0;
    const spread = Math.sqrt((squares + SHRINKAGE_DAYS * whole ** 2) / (own.length + SHRINKAGE_DAYS));
    return { middle: middles[i] as number, spread };
  });
  return { days: new Set(parts.flat().map(({ day }) => day)).size, level, usual };
}

function middleOf(entries: readonly Entry[], today: number, level: number): number {
  if (entries.length === 0) return level;
  const own = weightedMedian(entries, today, ({ value }) => value);
  return level + ((own - level) * entries.length) / (entries.length + SHRINKAGE_DAYS);
}

const recent = (entries: readonly Entry[], today: number) =>
  entries.filter(({ day }) => today - day <= FORGOTTEN_DAYS && day <= today + 1);

/** The least value with half of the weight at or below it; older days weigh less. */
function weightedMedian(entries: readonly Entry[], today: number, of: (entry: Entry) => number): number {
  const weighed = entries.map((entry) => ({
    value: of(entry),
    weight: 2 ** (-Math.max(today - entry.day, 0) / HALF_LIFE_DAYS),
  }));
  weighed.sort((a, b) => a.value - b.value);
  let half = weighed.reduce((sum, { weight }) => sum + weight, 0) / 2;
  for (const { value, weight } of weighed) {
    half -= weight;
    if (half <= 0) return value;
  }
  return Number.NaN;
}
