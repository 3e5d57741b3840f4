/** What the intervals of one patient were lately, in seconds: the long past is what is usual, the short what is so now. */
export class IntervalHistory {
  readonly #size: number;
  readonly #lengths: Float64Array;
  readonly #sorted: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#lengths = new Float64Array(size);
    this.#sorted = new Float64Array(size);
  }

  get count(): number {
    return Math.min(this.#count, this.#size);
  }

  /** What is no length is left out. */
  add(length: number): void {
    if (!(length > 0)) return;
    this.#lengths[this.#count % this.#size] = length;
    this.#count++;
  }

  /** Of the last few. @param part 0 to 1 @returns NaN of none */
  quantile(part: number, last = this.#size): number {
    const count = Math.min(this.count, last);
    if (count === 0) return Number.NaN;
    for (let i = 0; i < count; i++) this.#sorted[i] = this.#lengths[(this.#count - 1 - i) % this.#size] as number;
    const sorted = this.#sorted.subarray(0, count).sort();
    const at = part * (count - 1);
    const below = Math.floor(at);
    const low = sorted[below] as number;
    return low + (at - below) * ((sorted[Math.min(below + 1, count - 1)] as number) - low);
  }

  /** Median change from one to the next over the median: high where no interval is like the one before, as in fibrillation. */
  unevenness(last: number): number {
    const count = Math.min(this.count, last);
    if (count < 3) return Number.NaN;
    for (let i = 0; i + 1 < count; i++) this.#sorted[i] = Math.abs(this.#back(i) - this.#back(i + 1));
    const changes = this.#sorted.subarray(0, count - 1).sort();
    const change = changes[(count - 1) >> 1] as number;
    return change / this.quantile(0.5, last);
  }

  /** Part of the last few that were shorter than this. */
  shareBelow(length: number, last: number): number {
    const count = Math.min(this.count, last);
    let below = 0;
    for (let i = 0; i < count; i++) if (this.#back(i) < length) below++;
    return count === 0 ? Number.NaN : below / count;
  }

  #back(i: number): number {
    return this.#lengths[(this.#count - 1 - i) % this.#size] as number;
  }
}

const EARLY = 0.87;
const LATE = 1.2;
/** How fast the steady interval follows one that is near it, late or early. */
const FOLLOWS = { near: 1 / 8, late: 1 / 16, early: 1 / 250 } as const;
const RUN_MAX = 20;

/**
 * What the interval is when nothing is early: it follows a heart that quickens little by little, and hardly one that quickens from one
 * beat to the next, so that the fiftieth beat of a tachycardia is still early.
 */
export class SteadyInterval {
  #length = Number.NaN;
  #run = 0;

  /** Seconds; NaN before the first. */
  get length(): number {
    return this.#length;
  }

  /** How many beats one after the other were early, the last included; 20 at most. */
  get run(): number {
    return this.#run;
  }

  add(length: number): void {
    if (!(length > 0)) return;
    if (Number.isNaN(this.#length)) this.#length = length;
    const ratio = length / this.#length;
    this.#run = ratio < EARLY ? Math.min(this.#run + 1, RUN_MAX) : 0;
    const share = ratio < EARLY ? FOLLOWS.early : ratio > LATE ? FOLLOWS.late : FOLLOWS.near;
    // A pause of any length moves it as one of twice the interval does.
    this.#length += share * (Math.min(length, 2 * this.#length) - this.#length);
  }
}
