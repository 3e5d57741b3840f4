import { normalIntervals, type TimeDomain, timeDomain } from "../hrv/index.ts";
import { type ClassifiedBeat, createBeatStream } from "./beats/index.ts";
import { createDelineationStream, type DelineatedBeat } from "./delineation/index.ts";
import { createEcgFilter } from "./filter/index.ts";
import { createQrsDetector } from "./qrs.ts";

/** What the last five minutes come to. */
export interface EcgSummary {
  /** Frame at which it was made, counted from the first that was pushed. */
  readonly at: number;
  /** Beats a minute, from the median interval; null: too few intervals. */
  readonly rate: number | null;
  /** Of intervals between normal beats. */
  readonly hrv: TimeDomain;
  /** How many beats of each class there were. */
  readonly beats: Readonly<Record<ClassifiedBeat["class"], number>>;
}

export interface EcgMonitorOptions {
  /** 100 Hz at least. */
  readonly rateHz: number;
  readonly leads: number;
  readonly mainsHz?: 50 | 60;
  /** Two beats after it, 4 s at the latest. */
  readonly onBeat: (beat: ClassifiedBeat) => void;
  /** P, QRS, T, QT and ST at each beat that is of the usual kind; some 1.7 s after it. */
  readonly onWaves?: (beat: DelineatedBeat) => void;
  /** Each minute. */
  readonly onSummary?: (summary: EcgSummary) => void;
}

export interface EcgMonitor {
  /** @param frame a sample of each lead, mV; NaN where there is none */
  push(frame: ArrayLike<number>): void;
  /** What is still open at the end of a recording. */
  finish(): void;
}

const SUMMARY_EVERY_S = 60;
const SUMMARY_OF_S = 300;
/** More beats than a heart makes in five minutes are not kept. */
const BEATS_MAX = 1_500;

/**
 * All that is known of an ECG beat by beat, as it comes: QRS, class, waves and the sums of the last five minutes. The same whatever pieces
 * it comes in; bounded memory: some 95 kB for two leads at 250 Hz (`npm run bench -- physiology`).
 */
export function createEcgMonitor(options: EcgMonitorOptions): EcgMonitor {
  const { rateHz, leads, mainsHz, onBeat, onWaves, onSummary } = options;
  const lately: { readonly at: number; readonly class: ClassifiedBeat["class"] }[] = [];
  const classes = createBeatStream({ rateHz, leads, onBeat: told });
  const waves = onWaves && createDelineationStream({ rateHz, leads, onBeat: onWaves });
  const detector = createQrsDetector({
    rateHz,
    leads,
    onBeat(beat) {
      classes.beat(beat);
      waves?.beat(beat.at);
    },
  });
  const hum = mainsHz ? { mainsHz } : {};
  const filters = Array.from({ length: leads }, () => createEcgFilter({ rateHz, baseline: true, ...hum }));
  const delay = filters[0]?.delay ?? 0;
  const filtered = new Float64Array(leads);
  const every = Math.round(SUMMARY_EVERY_S * rateHz);
  let n = -1;

  function told(beat: ClassifiedBeat): void {
    lately.push({ at: beat.at, class: beat.class });
    if (lately.length > BEATS_MAX) lately.shift();
    onBeat(beat);
  }

  function still(frame: ArrayLike<number>): void {
    for (let lead = 0; lead < leads; lead++) filtered[lead] = filters[lead]?.push(frame[lead] as number) ?? Number.NaN;
    // The first that come out were never pushed: frames are counted as they went in.
    if (n >= delay) waves?.push(filtered);
  }

  function summarise(): void {
    const since = n - SUMMARY_OF_S * rateHz;
    while (lately[0] && lately[0].at < since) lately.shift();
    const beats = { N: 0, S: 0, V: 0, F: 0, Q: 0 };
    for (const one of lately) beats[one.class]++;
    const intervals = normalIntervals(
      lately.map(({ at }) => at / rateHz),
      (i) => lately[i]?.class === "N",
    );
    const hrv = timeDomain(intervals);
    onSummary?.({ at: n, rate: hrv.median === null ? null : 60_000 / hrv.median, hrv, beats });
  }

  return {
    push(frame) {
      n++;
      classes.push(frame);
      if (waves) still(frame);
      detector.push(frame);
      if (onSummary && (n + 1) % every === 0) summarise();
    },
    finish() {
      detector.finish();
      classes.finish();
      if (!waves) return;
      const nothing = new Float64Array(leads).fill(Number.NaN);
      for (let i = 0; i < delay; i++) {
        n++;
        still(nothing);
      }
    },
  };
}
