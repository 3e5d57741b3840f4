/** Oxygen that fell, and came back or not. */
export interface Desaturation {
  /** Seconds, of the first value that was low enough. */
  readonly at: number;
  readonly seconds: number;
  /** SpO2, %. */
  readonly baseline: number;
  readonly nadir: number;
}

export interface DesaturationMeter {
  /** @param time seconds, ascending @param spo2 %, NaN where there is none; one a second is enough, one in ten is too few */
  push(time: number, spo2: number): void;
  /** Closes an event that is open. */
  finish(): void;
  readonly events: number;
  /** Of values that could be judged. */
  readonly hours: number;
  /** Oxygen desaturation index: events an hour; null of less than an hour that could be judged. */
  readonly index: number | null;
}

/** @param fall of SpO2, 3 or 4 % */
export interface DesaturationOptions {
  readonly fall: 3 | 4;
  /** When it is over: up to three minutes after it began. */
  readonly onEvent?: (event: Desaturation) => void;
}

const BASELINE_S = 120;
const LEAST_KNOWN_S = 60;
const LASTS_S = 10;
/** For longer it is the state of the patient, not an event; the baseline follows. */
const LASTS_AT_MOST_S = 180;
/** Comes back by so much more than it must have fallen: over. */
const HYSTERESIS = 1;
const GAP_S = 10;
/** No saturation. Faster than this, % a second: the probe, not the blood. Magalang UJ et al. Chest 2003;124:1694. */
const PLAUSIBLE = [50, 100] as const;
const FASTEST = 4;
const HOUR_S = 3_600;

/**
 * Saturation at least `fall` % below the mean of the two minutes before, for ten seconds or more.
 * Chung F et al. Anesth Analg 2012;114:993.
 */
export function createDesaturationMeter({ fall, onEvent }: DesaturationOptions): DesaturationMeter {
  const ring = new Float64Array(BASELINE_S).fill(Number.NaN);
  const judgedAt = new Float64Array(BASELINE_S).fill(Number.NEGATIVE_INFINITY);
  let before = { time: Number.NaN, value: Number.NaN };
  let open: { at: number; baseline: number; nadir: number; until: number } | undefined;
  let events = 0;
  let seconds = 0;

  function baselineAt(time: number): number {
    let [sum, count] = [0, 0];
    for (let i = 0; i < BASELINE_S; i++) {
      if ((judgedAt[i] as number) <= time - BASELINE_S || Number.isNaN(ring[i])) continue;
      sum += ring[i] as number;
      count++;
    }
    return count >= LEAST_KNOWN_S ? sum / count : Number.NaN;
  }

  function close(): void {
    if (open && open.until - open.at >= LASTS_S) {
      events++;
      onEvent?.({ at: open.at, seconds: open.until - open.at, baseline: open.baseline, nadir: open.nadir });
    }
    open = undefined;
  }

  function judge(time: number, value: number): void {
    const baseline = baselineAt(time);
    if (open) {
      open.until = time;
      const isOver = value >= open.baseline - fall + HYSTERESIS || time - open.at >= LASTS_AT_MOST_S;
      if (!isOver) open.nadir = Math.min(open.nadir, value);
      else close();
    } else if (baseline - value >= fall) open = { at: time, baseline, nadir: value, until: time };
  }

  return {
    push(time, spo2) {
      if (!Number.isFinite(time) || time <= before.time) return;
      const isKnown = spo2 >= PLAUSIBLE[0] && spo2 <= PLAUSIBLE[1];
      const passed = time - before.time;
      if (!isKnown || Math.abs(spo2 - before.value) > FASTEST * Math.max(passed, 1)) {
        // What the probe says after a leap is believed when it stays there.
        if (isKnown) before = { time, value: spo2 };
        if (open && time - open.until > GAP_S) close();
        return;
      }
      if (passed <= GAP_S && Number.isFinite(baselineAt(time))) seconds += passed;
      if (open && time - open.until > GAP_S) close();
      judge(time, spo2);
      const slot = Math.floor(time) % BASELINE_S;
      ring[slot < 0 ? slot + BASELINE_S : slot] = spo2;
      judgedAt[slot < 0 ? slot + BASELINE_S : slot] = time;
      before = { time, value: spo2 };
    },
    finish: close,
    get events() {
      return events;
    },
    get hours() {
      return seconds / HOUR_S;
    },
    get index() {
      return seconds >= HOUR_S ? events / (seconds / HOUR_S) : null;
    },
  };
}
