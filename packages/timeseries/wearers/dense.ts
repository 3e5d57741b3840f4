import type { DenseRule } from "./rules.ts";
import { type Doubt, medianOf } from "./sparse.ts";

/** The mean of one window of one stream. */
export interface WindowMean {
  /** Its number since 1970. */
  readonly window: number;
  readonly mean: number;
}

const KEPT = 8;

/** One stream that is measured all the time: it keeps the means of its last windows, and the one that runs. */
export class DenseWearer {
  readonly #rule: DenseRule;
  #window = Number.NaN;
  #sum = 0;
  #count = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #means: WindowMean[] = [];
  /** What it was before the silence, until it is known what it is after. */
  #before: number | undefined;
  #gapEnd = 0;
  /** Windows that have ended since they were asked for. */
  #ended: WindowMean[] = [];

  constructor(rule: DenseRule) {
    this.#rule = rule;
  }

  /** @returns the windows that have ended since */
  ended(): readonly WindowMean[] {
    const ended = this.#ended;
    if (ended.length > 0) this.#ended = [];
    return ended;
  }

  /** @param time ms; what is not newer than all before tells nothing. @param value in the signal's own unit */
  add(time: number, value: number): Doubt | undefined {
    if (!(time > this.#newest)) return undefined;
    const silent = time - this.#newest;
    this.#newest = time;
    const { windowMs, shift } = this.#rule;
    const window = Math.floor(time / windowMs);
    let doubt: Doubt | undefined;
    const isGap = shift !== undefined && silent >= shift.gapMs;
    if (window !== this.#window || isGap) {
      doubt = this.#end();
      this.#window = window;
    }
    if (isGap) this.#gap(shift, silent, time);
    this.#sum += value;
    this.#count++;
    return doubt;
  }

  #gap(shift: NonNullable<DenseRule["shift"]>, silent: number, time: number): void {
    const before = this.#means.slice(-shift.before);
    const isTold = before.length === shift.before && silent <= shift.gapMsMax;
    // Off and on again before it was known what came after: what was before the first silence counts.
    if (isTold) this.#before = medianOf(before.map(({ mean }) => mean));
    else if (silent > shift.gapMsMax) this.#before = undefined;
    this.#gapEnd = time;
    this.#means = [];
  }

  #end(): Doubt | undefined {
    if (this.#count === 0) return undefined;
    const one = { window: this.#window, mean: this.#sum / this.#count };
    this.#sum = 0;
    this.#count = 0;
    if (this.#rule.apart) {
      this.#ended.push(one);
      if (this.#ended.length > KEPT) this.#ended.shift();
    }
    const { shift } = this.#rule;
    if (!shift) return undefined;
    this.#means.push(one);
    if (this.#means.length > KEPT) this.#means.shift();
    if (this.#before === undefined || this.#means.length < shift.hold) return undefined;
    const expected = this.#before;
    const apart = Math.max(shift.absolute, shift.relative * expected);
    const isHeld = this.#means.every(({ mean }) => Math.abs(mean - expected) >= apart);
    this.#before = undefined;
    if (!isHeld) return undefined;
    return { kind: "jump", since: this.#gapEnd, value: medianOf(this.#means.map(({ mean }) => mean)), expected };
  }
}

const WINDOWS = 12;
const DEVICES_MAX = 6;

interface Pair {
  /** Of the last windows that both have, newest first: bit 0 set where they lay apart. */
  bits: number;
  count: number;
  /** Apart without a break, and since which window. */
  run: number;
  since: number;
}

/** Two devices on one patient that measure the same thing. */
export class Agreement {
  readonly #rule: NonNullable<DenseRule["apart"]>;
  readonly #windowMs: number;
  readonly #byDevice = new Map<string, WindowMean[]>();
  readonly #pairs = new Map<string, Pair>();

  constructor(rule: NonNullable<DenseRule["apart"]>, windowMs: number) {
    this.#rule = rule;
    this.#windowMs = windowMs;
  }

  /** What the device said is of another patient from here on. */
  forget(deviceId: string): void {
    this.#byDevice.delete(deviceId);
    for (const name of this.#pairs.keys()) if (name.split("\n").includes(deviceId)) this.#pairs.delete(name);
  }

  /** @returns the doubt, with the device that says otherwise */
  add(deviceId: string, { window, mean }: WindowMean): (Doubt & { readonly other: string }) | undefined {
    let own = this.#byDevice.get(deviceId);
    if (!own) {
      // More on one patient are not compared: each is with each other.
      if (this.#byDevice.size >= DEVICES_MAX) return undefined;
      own = [];
      this.#byDevice.set(deviceId, own);
    }
    own.push({ window, mean });
    if (own.length > WINDOWS) own.shift();
    if (this.#byDevice.size === 1) return undefined;
    for (const [other, means] of this.#byDevice) {
      if (other === deviceId) continue;
      const theirs = means.findLast((one) => one.window === window);
      if (!theirs) continue;
      const doubt = this.#compare(deviceId, other, window, mean, theirs.mean);
      if (doubt) return { ...doubt, other };
    }
    return undefined;
  }

  #compare(deviceId: string, other: string, window: number, mean: number, theirs: number): Doubt | undefined {
    const { absolute, relative, of, least } = this.#rule;
    const name = deviceId < other ? `${deviceId}\n${other}` : `${other}\n${deviceId}`;
    const pair = this.#pairs.get(name) ?? { bits: 0, count: 0, run: 0, since: window };
    this.#pairs.set(name, pair);
    const isApart = Math.abs(mean - theirs) > Math.max(absolute, (relative * (mean + theirs)) / 2);
    pair.bits = ((pair.bits << 1) | (isApart ? 1 : 0)) & ((1 << of) - 1);
    pair.count = Math.min(of, pair.count + 1);
    pair.run = isApart ? pair.run + 1 : 0;
    if (pair.run === 1) pair.since = window;
    if (pair.count < of || bitsOf(pair.bits) < least) return undefined;
    this.#pairs.delete(name);
    return { kind: "apart", since: pair.since * this.#windowMs, value: mean, expected: theirs };
  }
}

function bitsOf(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
