import type { JumpRule, MixedRule, SparseRule } from "./rules.ts";

/** What speaks against it that a value is the patient's. */
export interface Doubt {
  /** Far from the patient's own values; two heaps of values on one device; two devices apart. */
  readonly kind: "jump" | "mixed" | "apart";
  /** Time of the first value that speaks for it. */
  readonly since: number;
  readonly value: number;
  /** What was to be expected, about. */
  readonly expected: number;
}

interface Value {
  readonly time: number;
  readonly value: number;
}

const KEPT_MAX = 12;
const DEVICES_MAX = 4;
/** Monitors say the value of a measurement again and again until the next: that is one value. */
const SOONEST_MS = 10_000;
const REPEATED_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The values of one signal of one patient, whatever devices measured them: a dozen of them are kept. */
export class SparseWearer {
  readonly #rule: SparseRule;
  #own: Value[] = [];
  /** Far from the patient's own, and not yet often enough. */
  #pending: Value[] = [];
  /** What was theirs before the last doubt, while nobody has answered it. */
  #beforeDoubt: { readonly deviceId: string; readonly own: Value[] } | undefined;
  readonly #byDevice = new Map<string, Value[]>();
  #newest = Number.NEGATIVE_INFINITY;
  #takenAt = Number.NEGATIVE_INFINITY;
  #taken = Number.NaN;

  constructor(rule: SparseRule) {
    this.#rule = rule;
  }

  /** @param time ms; what is not newer than all before tells nothing. @param value in the signal's own unit */
  add(deviceId: string, time: number, value: number): Doubt | undefined {
    if (!(time > this.#newest) || !(value >= (this.#rule.from ?? Number.NEGATIVE_INFINITY))) return undefined;
    this.#newest = time;
    const since = time - this.#takenAt;
    if (since < SOONEST_MS || (value === this.#taken && since < REPEATED_MS)) return undefined;
    this.#takenAt = time;
    this.#taken = value;
    const jump = this.#jump(this.#rule.jump, deviceId, { time, value });
    return this.#mixed(this.#rule.mixed, deviceId, { time, value }) ?? jump;
  }

  /** They were theirs all the same. */
  confirm(): void {
    this.#beforeDoubt = undefined;
  }

  /** The device was another's: what it said since the doubt tells nothing of this patient. */
  withdraw(deviceId: string): void {
    if (this.#beforeDoubt?.deviceId === deviceId) this.#own = this.#beforeDoubt.own;
    this.#beforeDoubt = undefined;
    this.#pending = [];
    this.#byDevice.delete(deviceId);
  }

  #jump(rule: JumpRule, deviceId: string, now: Value): Doubt | undefined {
    const since = now.time - rule.keepDays * DAY_MS;
    while (this.#own[0] && this.#own[0].time < since) this.#own.shift();
    const [least = 1, most = 1] = rule.reference;
    const reference = this.#own.slice(-most);
    const last = reference.at(-1);
    if (!last || reference.length < least) {
      this.#pending = [];
      this.#keep(now);
      return undefined;
    }
    const expected = medianOf(reference.map(({ value }) => value));
    const away = now.value - expected;
    if (Math.abs(away) <= allowed(rule, expected, now.time - last.time)) {
      this.#pending = [];
      this.#keep(now);
      return undefined;
    }
    const [first] = this.#pending;
    // A second value on the other side, or nearer to the old ones than to the first, is scatter and no other person.
    const isWith = first !== undefined && Math.abs(now.value - first.value) < Math.abs(away) / 2;
    this.#pending = isWith ? [...this.#pending, now] : [now];
    if (this.#pending.length < rule.hold) return undefined;
    const [began = now] = this.#pending;
    // From here on these are what the next ones are held against: it is said once.
    this.#beforeDoubt ??= { deviceId, own: this.#own };
    this.#own = this.#pending;
    this.#pending = [];
    return { kind: "jump", since: began.time, value: now.value, expected };
  }

  #keep(value: Value): void {
    this.#own.push(value);
    if (this.#own.length > KEPT_MAX) this.#own.shift();
  }

  #mixed(rule: MixedRule | undefined, deviceId: string, now: Value): Doubt | undefined {
    if (!rule) return undefined;
    let own = this.#byDevice.get(deviceId);
    if (!own) {
      own = [];
      this.#byDevice.set(deviceId, own);
      const oldest = this.#byDevice.keys().next().value;
      if (this.#byDevice.size > DEVICES_MAX && oldest !== undefined) this.#byDevice.delete(oldest);
    }
    own.push(now);
    if (own.length > rule.of) own.shift();
    if (own.length < rule.of) return undefined;
    const sorted = own.map(({ value }) => value).sort((a, b) => a - b);
    let cut = rule.each;
    for (let i = rule.each; i <= sorted.length - rule.each; i++) {
      if (at(sorted, i) - at(sorted, i - 1) > at(sorted, cut) - at(sorted, cut - 1)) cut = i;
    }
    const [below, above] = [at(sorted, cut - 1), at(sorted, cut)];
    const apart = above - below;
    const width = Math.max(below - at(sorted, 0), at(sorted, sorted.length - 1) - above);
    const mean = (below + above) / 2;
    if (apart < Math.max(rule.absolute, rule.relative * mean, rule.spreads * width)) return undefined;
    let switches = 0;
    for (let i = 1; i < own.length; i++) if (isAbove(own[i]) !== isAbove(own[i - 1])) switches++;
    if (switches < rule.switches) return undefined;
    const other = own.filter((one) => isAbove(one) !== isAbove(now)).map(({ value }) => value);
    const [began = now] = own;
    this.#byDevice.delete(deviceId);
    return { kind: "mixed", since: began.time, value: now.value, expected: medianOf(other) };

    function isAbove(one: Value | undefined): boolean {
      return one !== undefined && one.value > mean;
    }
  }
}

function allowed(
  { absolute, relative, relativePerDay = 0, perMinute = 0 }: JumpRule,
  before: number,
  ms: number,
): number {
  const share = relative * Math.abs(before) + (relativePerDay * Math.abs(before) * ms) / DAY_MS;
  return Math.max(absolute, share) + (perMinute * ms) / MINUTE_MS;
}

const at = (values: readonly number[], i: number): number => values[i] as number;

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? at(sorted, middle) : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}
