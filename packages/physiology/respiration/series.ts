/** Points of the last so many seconds, uneven. */
export class Series {
  readonly times: Float64Array;
  readonly values: Float64Array;
  count = 0;
  readonly #seconds: number;

  /** @param most points; the oldest go first */
  constructor(seconds: number, most: number) {
    this.#seconds = seconds;
    this.times = new Float64Array(most);
    this.values = new Float64Array(most);
  }

  /** @param time seconds, not before the last one's */
  add(time: number, value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.count === this.times.length) this.#drop(1);
    this.times[this.count] = time;
    this.values[this.count++] = value;
  }

  /** Only what is not older than its seconds at `now` stays. */
  until(now: number): this {
    let old = 0;
    while (old < this.count && (this.times[old] as number) < now - this.#seconds) old++;
    if (old > 0) this.#drop(old);
    return this;
  }

  clear(): void {
    this.count = 0;
  }

  #drop(many: number): void {
    this.times.copyWithin(0, many, this.count);
    this.values.copyWithin(0, many, this.count);
    this.count -= many;
  }
}
