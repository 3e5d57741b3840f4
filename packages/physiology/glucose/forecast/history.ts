import { HOUR_MS, MINUTE_MS } from "../trace.ts";

/** Readings nearer than this are of one time; a sensor of every minute leaves every third. */
const APART_MS = 2.5 * MINUTE_MS;
/** Between readings further apart nothing is known: one reading of the slowest sensor may be missing by a little. */
export const BRIDGED_MS = 20.5 * MINUTE_MS;
/** More than 26 hours of readings that are so far apart; a power of two, so that a place is a mask away. */
const KEPT = 1_024;
const PLACE = KEPT - 1;
/** What is longer ago is not looked at. */
export const KEPT_MS = 26 * HOUR_MS;

/** The last day of one sensor, to look back at any time of it. Bounded: 24 kB. */
export class GlucoseHistory {
  readonly #times = new Float64Array(KEPT);
  readonly #values = new Float64Array(KEPT);
  /** Of all values so far: what lies between two is their difference. */
  readonly #sums = new Float64Array(KEPT);
  /** How many came, and the newest of them, which may be too near to be kept. */
  #count = 0;
  #now = Number.NEGATIVE_INFINITY;
  #value = Number.NaN;

  /** @returns false: it is not later than what is here, and was left out */
  push(at: number, value: number): boolean {
    if (!(at > this.#now)) return false;
    this.#now = at;
    this.#value = value;
    const last = this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#time(this.#count - 1);
    if (at - last < APART_MS) return true;
    const place = this.#count & PLACE;
    this.#times[place] = at;
    this.#values[place] = value;
    this.#sums[place] = (this.#count === 0 ? 0 : (this.#sums[(this.#count - 1) & PLACE] as number)) + value;
    this.#count++;
    return true;
  }

  /** On the line between the readings around it; NaN where these are too far apart or there are none. */
  valueAt(at: number): number {
    if (at === this.#now) return this.#value;
    return this.#between(at, this.#firstFrom(at));
  }

  /** Values at `steps` times, `stepMs` apart, going back from the newest reading. */
  lookBack(into: Float64Array, stepMs: number): void {
    let next = this.#count;
    for (let i = 0; i < into.length; i++) {
      const at = this.#now - i * stepMs;
      while (next > this.#oldest && this.#time(next - 1) >= at) next--;
      into[i] = i === 0 ? this.#value : this.#between(at, next);
    }
  }

  /** Of the readings of the last so many milliseconds; NaN of none. */
  meanOver(ms: number): number {
    const first = this.#firstFrom(this.#now - ms);
    const count = this.#count - first;
    if (count <= 0) return Number.NaN;
    const before = first === this.#oldest ? this.#sum(first) - this.#valueOf(first) : this.#sum(first - 1);
    return (this.#sum(this.#count - 1) - before) / count;
  }

  get #oldest(): number {
    return Math.max(this.#count - KEPT, 0);
  }

  #between(at: number, next: number): number {
    const isNewest = next >= this.#count;
    const to = isNewest ? this.#now : this.#time(next);
    if (!(to >= at) || this.#now - at > KEPT_MS) return Number.NaN;
    const after = isNewest ? this.#value : this.#valueOf(next);
    if (to === at) return after;
    if (next <= this.#oldest) return Number.NaN;
    const from = this.#time(next - 1);
    if (to - from > BRIDGED_MS) return Number.NaN;
    const before = this.#valueOf(next - 1);
    return before + ((at - from) / (to - from)) * (after - before);
  }

  #firstFrom(at: number): number {
    let low = this.#oldest;
    for (let high = this.#count; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#time(middle) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #time(i: number): number {
    return this.#times[i & PLACE] as number;
  }

  #valueOf(i: number): number {
    return this.#values[i & PLACE] as number;
  }

  #sum(i: number): number {
    return this.#sums[i & PLACE] as number;
  }
}
