import { Middle } from "./block.ts";
import { Change, type Unusual } from "./change.ts";
import { History, PARTS } from "./history.ts";

export interface BaselineOptions {
  /** Minutes that this person's clock is ahead of UTC at that moment; time zones and summer time are the caller's. */
  readonly offsetMinutes: (at: number) => number;
  /** In the signal's unit: smaller differences are the device's. Left out: a hundredth of the level. */
  readonly leastSpread?: number;
  /** Days of their own, before anything is said. Left out: 7; no fewer than 3. */
  readonly daysLeast?: number;
  /** Without a reading for so long nothing is said. Left out: 36. */
  readonly silentHours?: number;
}

/** What this signal of this person is, beside what it usually is at this time of day. */
export interface Looked {
  readonly state: "learning" | "silent" | "usual" | "unusual";
  /** Why nothing is said, in `learning` and `silent`. */
  readonly absent: string | null;
  /** Usual at this time of day: the middle, and two spreads to either side; null while learning. */
  readonly expected: { readonly low: number; readonly middle: number; readonly high: number } | null;
  /** The middle of the newest three hours that have a reading; null of none. */
  readonly value: number | null;
  readonly lastAt: number | null;
  /** Local days that stand behind what is usual. */
  readonly days: number;
  /** What is unusual, since when, and how much stands behind it; null unless it is. */
  readonly unusual: Unusual | null;
  /** How far the level has moved in the weeks that are remembered, in spreads: slow enough to pass for usual every day. */
  readonly drift: {
    readonly from: number;
    readonly to: number;
    readonly since: number;
    readonly spreads: number;
  } | null;
  /** No numbers, and those that came after their time: none of them counts. */
  readonly unusable: number;
  readonly late: number;
}

export interface Baseline {
  /** @param at ms since 1970 @param value in one unit, always the same */
  push(at: number, value: number): void;
  /** Changes nothing. @param now ms since 1970 */
  look(now: number): Looked;
}

interface Block {
  readonly place: number;
  readonly start: number;
  readonly middle: Middle;
}

interface Snapshot {
  readonly day: number;
  readonly level: number;
}

const PART_MINUTES = 1_440 / PARTS;
const DAY_MS = 86_400_000;
const DAYS_LEAST = 7;
const SILENT_HOURS = 36;
/** What is unusual is not learned for so long; after it, it is how this person is. */
const NOT_LEARNED_DAYS = 14;
const WEEKS_KEPT = 13;
const DRIFT_WEEKS_LEAST = 4;
const DRIFT_SPREADS = 2;
/** So many after one another before the newest: it is the newest that has a wrong date. */
const LATE_MOST = 12;
const AHEAD_MS = 3_600_000;

/**
 * What is usual for one person in one signal, learned from their own past: a level for each three hours of the local day, and
 * how far an ordinary three hours are from it, from medians of four weeks that weigh half after two. Said to be unusual is
 * what stays away from it for several parts of days: never one reading, and never one part. The delay is that of a part: three
 * hours. Some 10 kB. What is unusual is not learned for two weeks.
 */
export function createBaseline(options: BaselineOptions): Baseline {
  const { offsetMinutes, silentHours = SILENT_HOURS } = options;
  const daysLeast = Math.max(options.daysLeast ?? DAYS_LEAST, 3);
  const history = new History();
  const change = new Change();
  const weeks: Snapshot[] = [];
  let block: Block | null = null;
  let lastAt = Number.NaN;
  let unusable = 0;
  let late = 0;
  let lateInARow = 0;

  const usualAt = (day: number, part: number) =>
    history.usual(day, part, options.leastSpread ?? Math.max(Math.abs(history.level(day)) / 100, Number.MIN_VALUE));

  /** Parts of days since 1970, by the clock of this person. */
  function placeOf(at: number): number {
    const offset = offsetMinutes(at);
    const minutes = Math.floor(at / 60_000) + (Number.isFinite(offset) ? offset : 0);
    return Math.floor(minutes / PART_MINUTES);
  }

  function close({ place, start, middle }: Block, end: number): void {
    const day = dayOf(place);
    const part = partOf(place);
    const usual = history.days(day) >= daysLeast ? usualAt(day, part) : null;
    if (usual) {
      const off = middle.value - usual.middle;
      change.add(off / (off > 0 ? usual.above : usual.below), middle.count, start, end, history.partsPerDay(day));
    }
    // Away for so long that it has to be learned anew: what was unusual before is of no account.
    else change.forget();
    const { unusual } = change;
    if (!unusual || start - unusual.since > NOT_LEARNED_DAYS * DAY_MS) history.add(day, part, middle.value);
    const newest = weeks.at(-1);
    if (usual && (!newest || day - newest.day >= 7)) weeks.push({ day, level: history.level(day) });
    if (weeks.length > WEEKS_KEPT) weeks.shift();
  }

  function driftAt(day: number, spread: number): Looked["drift"] {
    const first = weeks.find((week) => day - week.day <= 7 * WEEKS_KEPT);
    const to = history.level(day);
    if (!first || day - first.day < 7 * DRIFT_WEEKS_LEAST || Number.isNaN(to)) return null;
    const spreads = (to - first.level) / spread;
    return Math.abs(spreads) < DRIFT_SPREADS ? null : { from: first.level, to, since: first.day * DAY_MS, spreads };
  }

  return {
    push(at, value) {
      if (!Number.isFinite(at) || !Number.isFinite(value)) {
        unusable++;
        return;
      }
      if (block && at < block.start) {
        late++;
        lateInARow++;
        if (lateInARow < LATE_MOST) return;
        block = null;
        lastAt = Number.NaN;
      }
      lateInARow = 0;
      const place = placeOf(at);
      // A clock that is set by hours makes a new part too, forwards or back.
      if (block?.place !== place) {
        if (block) close(block, at);
        block = { place, start: at, middle: new Middle() };
      }
      block.middle.add(value);
      lastAt = Number.isNaN(lastAt) ? at : Math.max(lastAt, at);
    },
    look(now) {
      const place = placeOf(now);
      const day = dayOf(place);
      const days = history.days(day);
      const usual = days >= daysLeast ? usualAt(day, partOf(place)) : null;
      const common = {
        value: block ? block.middle.value : null,
        lastAt: block ? lastAt : null,
        days,
        unusable,
        late,
        expected: usual && {
          low: usual.middle - 2 * usual.below,
          middle: usual.middle,
          high: usual.middle + 2 * usual.above,
        },
        drift: usual && driftAt(day, Math.max(usual.above, usual.below)),
      };
      if (!usual) {
        const absent = `${days} days are known, and ${daysLeast} are needed`;
        return { ...common, state: "learning", absent, unusual: null };
      }
      const age = now - lastAt;
      if (!(age <= silentHours * 3_600_000 && age >= -AHEAD_MS)) {
        const absent = age < 0 ? "the newest reading is dated ahead" : `no reading for ${silentHours} hours`;
        return { ...common, state: "silent", absent, unusual: null };
      }
      const { unusual } = change;
      return { ...common, state: unusual ? "unusual" : "usual", absent: null, unusual };
    },
  };
}

const dayOf = (place: number) => Math.floor(place / PARTS);
const partOf = (place: number) => place - dayOf(place) * PARTS;
