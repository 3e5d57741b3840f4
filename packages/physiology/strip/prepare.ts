import { highPass, lowPass } from "../ecg/biquad.ts";
import { createQrsDetector } from "../ecg/qrs.ts";
import { createTwoAverages } from "../ecg/two-averages.ts";
import { median } from "../statistics.ts";

/** A short ECG of one lead, with its beats. */
export interface Strip {
  readonly rateHz: number;
  /** As recorded, mV; what was missing is held. */
  readonly raw: Float64Array;
  /** 0.5 to 40 Hz, without a delay, and turned so that its QRS point upwards: hand-held leads are held either way round. */
  readonly samples: Float64Array;
  /** Frames of the tops of QRS, ascending. */
  readonly beats: readonly number[];
  /** Frames of beats as a second way finds them. */
  readonly others: readonly number[];
  /** Seconds between beats. */
  readonly intervals: Float64Array;
  /** Part of the samples that were none. */
  readonly missing: number;
}

const BAND_HZ = [0.5, 40] as const;
/** The top of a QRS from where it was found. */
const TOP_S = 0.07;

/** @param samples mV, NaN where there is none */
export function prepare(samples: ArrayLike<number>, rateHz: number): Strip {
  const { raw, missing } = held(samples);
  const filtered = bothWays(
    bothWays(raw, () => highPass(BAND_HZ[0], rateHz)),
    () => lowPass(BAND_HZ[1], rateHz),
  );
  const found: number[] = [];
  const others: number[] = [];
  const detector = createQrsDetector({ rateHz, leads: 1, onBeat: ({ at }) => found.push(at) });
  const second = createTwoAverages(rateHz, (at) => others.push(at));
  for (let i = 0; i < samples.length; i++) {
    detector.push([samples[i] as number]);
    second.push(samples[i] as number);
  }
  detector.finish();
  found.sort((a, b) => a - b);
  const reach = Math.round(TOP_S * rateHz);
  // One way up for all: by the side to which most beats go further.
  const sides = found.map((at) => furthest(filtered, at, reach, 1) + furthest(filtered, at, reach, -1));
  const turn = sides.length > 0 && median(sides) < 0 ? -1 : 1;
  const turned = turn === 1 ? filtered : filtered.map((sample) => -sample);
  const beats = found
    .map((at) => top(turned, at, reach))
    .filter((at, i, all) => i === 0 || at > (all[i - 1] as number));
  const intervals = Float64Array.from(beats.slice(1), (at, i) => (at - (beats[i] as number)) / rateHz);
  return { rateHz, raw, samples: turned, beats, others, intervals, missing };
}

function held(samples: ArrayLike<number>): { raw: Float64Array; missing: number } {
  let last = 0;
  let count = 0;
  for (let i = 0; i < samples.length; i++)
    if (Number.isFinite(samples[i])) {
      last = samples[i] as number;
      break;
    }
  const raw = Float64Array.from({ length: samples.length }, (_, i) => {
    const sample = samples[i] as number;
    if (Number.isFinite(sample)) last = sample;
    else count++;
    return last;
  });
  return { raw, missing: samples.length === 0 ? 1 : count / samples.length };
}

/** Forwards and then backwards: what one way delays the other brings back. */
function bothWays(samples: Float64Array, create: () => ReturnType<typeof highPass>): Float64Array {
  const out = new Float64Array(samples.length);
  const forwards = create();
  forwards.settle(samples[0] ?? 0);
  for (let i = 0; i < out.length; i++) out[i] = forwards.next(samples[i] as number);
  const backwards = create();
  backwards.settle(out.at(-1) ?? 0);
  for (let i = out.length - 1; i >= 0; i--) out[i] = backwards.next(out[i] as number);
  return out;
}

/** Signed: how far it goes to one side. */
function furthest(samples: Float64Array, at: number, reach: number, side: 1 | -1): number {
  let most = 0;
  for (let i = Math.max(at - reach, 0); i <= Math.min(at + reach, samples.length - 1); i++)
    most = Math.max(most, side * (samples[i] as number));
  return side * most;
}

function top(samples: Float64Array, at: number, reach: number): number {
  let best = at;
  for (let i = Math.max(at - reach, 0); i <= Math.min(at + reach, samples.length - 1); i++)
    if ((samples[i] as number) > (samples[best] ?? Number.NEGATIVE_INFINITY)) best = i;
  return best;
}
