/** Parts of a day that have a level each: three hours. */
export const PARTS = 8;
/** Days of each part that are remembered, and how long one counts half as much as today. */
const DAYS_KEPT = 28;
const HALF_LIFE_DAYS = 14;
/** So many days ago it is no longer how somebody is. */
const FORGOTTEN_DAYS = 60;
/** As many days as these, and a part of the day is believed as much as the whole. */
const SHRINKAGE_DAYS = 3;
/** From the median absolute deviation, and from the outer tenth, to the standard deviation of a normal distribution. */
const MEDIAN_TO_DEVIATION = 1.4826;
const TENTH_TO_DEVIATION = 1 / 1.2816;

/** What is usual at one time of day. */
export interface Usual {
  readonly middle: number;
  /** As standard deviations, above and below: how far an ordinary three hours are from the middle. Steps go up, and not below none. */
  readonly above: number;
  readonly below: number;
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

  /** Of a day, on average: one of a weighing, eight of a sensor that is worn. */
  partsPerDay(today: number): number {
    const { days, count } = this.#at(today);
    return count / days;
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
    const { middle, above, below } = usual[part] as Usual; // parts are those of a day
    if (days === 0) return null;
    return { middle, above: Math.max(above, leastSpread), below: Math.max(below, leastSpread) };
  }

  #at(today: number): Found {
    if (this.#found?.today !== today) this.#found = { today, ...foundOf(this.#parts, today) };
    return this.#found;
  }
}

interface Found {
  readonly today: number;
  readonly days: number;
  readonly count: number;
  readonly level: number;
  readonly usual: readonly Usual[];
}

function foundOf(remembered: readonly (readonly Entry[])[], today: number): Omit<Found, "today"> {
  const parts = remembered.map((entries) => recent(entries, today));
  const level = weightedQuantile(parts.flat(), today, ({ value }) => value, 0.5);
  const middles = parts.map((entries) => middleOf(entries, today, level));
  const off = parts.map((entries, i) =>
    entries.map(({ day, value }) => ({ day, value: value - (middles[i] as number) })),
  );
  const whole = spreadsOf(off.flat(), today);
  const usual = off.map((own, i) => {
    const here = own.length > 0 ? spreadsOf(own, today) : whole;
    const pooled = (side: "above" | "below") =>
      Math.sqrt((own.length * here[side] ** 2 + SHRINKAGE_DAYS * whole[side] ** 2) / (own.length + SHRINKAGE_DAYS));
    return { middle: middles[i] as number, above: pooled("above"), below: pooled("below") };
  });
  const all = parts.flat();
  return { days: new Set(all.map(({ day }) => day)).size, count: all.length, level, usual };
}

/** By the middle of all distances, or by the tenth that is furthest out on that side, whichever is more: tails are long. */
function spreadsOf(off: readonly Entry[], today: number): { readonly above: number; readonly below: number } {
  const middle = MEDIAN_TO_DEVIATION * weightedQuantile(off, today, ({ value }) => Math.abs(value), 0.5);
  const side = (sign: number) =>
    Math.max(middle, TENTH_TO_DEVIATION * weightedQuantile(off, today, ({ value }) => sign * value, 0.9));
  return { above: side(1), below: side(-1) };
}

function middleOf(entries: readonly Entry[], today: number, level: number): number {
  if (entries.length === 0) return level;
  const own = weightedQuantile(entries, today, ({ value }) => value, 0.5);
  return level + ((own - level) * entries.length) / (entries.length + SHRINKAGE_DAYS);
}

const recent = (entries: readonly Entry[], today: number) =>
  entries.filter(({ day }) => today - day <= FORGOTTEN_DAYS && day <= today + 1);

/** The least value with that part of the weight at or below it; older days weigh less. */
function weightedQuantile(
  entries: readonly Entry[],
  today: number,
  of: (entry: Entry) => number,
  part: number,
): number {
  const weighed = entries.map((entry) => ({
    value: of(entry),
    weight: 2 ** (-Math.max(today - entry.day, 0) / HALF_LIFE_DAYS),
  }));
  weighed.sort((a, b) => a.value - b.value);
  let left = part * weighed.reduce((sum, { weight }) => sum + weight, 0);
  for (const { value, weight } of weighed) {
    left -= weight;
    if (left <= 0) return value;
  }
  return Number.NaN;
}
