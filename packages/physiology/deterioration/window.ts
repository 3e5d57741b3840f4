/** Values are averaged over so long: one artefact is no worst value of a day. */
const BUCKET_MS = 2 * 3_600_000;
/** The one that is not over yet, and a day before it. */
const BUCKETS = 13;
/** So many after one another that are too late: it is the newest that has a wrong date. */
const LATE_MOST = 6;

/** What one input was in the last day. Bounded, whatever is pushed; the order of a day's readings is of no account. */
export class DayWindow {
  readonly #index = new Float64Array(BUCKETS).fill(Number.NaN);
  readonly #sum = new Float64Array(BUCKETS);
  readonly #count = new Float64Array(BUCKETS);
  #last = Number.NaN;
  #lastAt = Number.NEGATIVE_INFINITY;
  #total = 0;
  #lateInARow = 0;

  /** The newest value; NaN of none. */
  get last(): number {
    return this.#last;
  }

  /** Of the newest value, ms; -Infinity of none. */
  get lastAt(): number {
    return this.#lastAt;
  }

  get total(): number {
    return this.#total;
  }

  /** @returns false: older than the day before the newest, and too late to count */
  push(at: number, value: number): boolean {
    const index = Math.floor(at / BUCKET_MS);
    if (index <= Math.floor(this.#lastAt / BUCKET_MS) - BUCKETS) {
      this.#lateInARow++;
      if (this.#lateInARow < LATE_MOST) return false;
      this.#index.fill(Number.NaN);
      this.#lastAt = Number.NEGATIVE_INFINITY;
    }
    this.#lateInARow = 0;
    const slot = ((index % BUCKETS) + BUCKETS) % BUCKETS;
    if (index !== this.#index[slot]) {
      this.#index[slot] = index;
      this.#sum[slot] = 0;
      this.#count[slot] = 0;
    }
    this.#sum[slot] = (this.#sum[slot] as number) + value;
    this.#count[slot] = (this.#count[slot] as number) + 1;
    this.#total++;
    if (at >= this.#lastAt) {
      this.#last = value;
      this.#lastAt = at;
    }
    return true;
  }

  /** Means of two hours each of the day that ends at `now`, the oldest first; NaN where nothing was measured. */
  means(now: number): Float64Array {
    return this.#day(now, (slot) => (this.#sum[slot] as number) / (this.#count[slot] as number), Number.NaN);
  }

  /** Sums of two hours each, and how many readings they are of. */
  sums(now: number): Float64Array {
    return this.#day(now, (slot) => this.#sum[slot] as number, 0);
  }

  counts(now: number): Float64Array {
    return this.#day(now, (slot) => this.#count[slot] as number, 0);
  }

  #day(now: number, of: (slot: number) => number, none: number): Float64Array {
    const newest = Math.floor(now / BUCKET_MS);
    const found = new Float64Array(BUCKETS).fill(none);
    for (let slot = 0; slot < BUCKETS; slot++) {
      const place = (this.#index[slot] as number) - newest + BUCKETS - 1;
      if (place >= 0 && place < BUCKETS) found[place] = of(slot);
    }
    return found;
  }
}
