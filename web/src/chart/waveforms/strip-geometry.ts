import type { WaveformPiece } from "@openward/api";

/** Length of a strip; fixed as FHIR pieces and paper strips are. */
export const STRIP_MS = 10_000;

/** Paper: 25 mm/s, so ten seconds are 250 mm. */
export const MM_PER_SECOND = 25;

export interface StripPoint {
  /** Milliseconds from the start of the strip. */
  readonly t: number;
  readonly value: number;
}

/** Runs of samples without a gap, within the strip. What is missing is between the runs. */
export function runsOf(pieces: readonly WaveformPiece[], from: number, to: number): readonly (readonly StripPoint[])[] {
  const runs: StripPoint[][] = [];
  let run: StripPoint[] = [];
  let end = Number.NaN;
  const close = () => {
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const piece of [...pieces].sort((a, b) => a.start - b.start)) {
    const step = 1000 / piece.rateHz;
    if (Math.abs(piece.start - end) > step / 2) close();
    for (const [i, sample] of piece.samples.entries()) {
      const at = piece.start + i * step;
      if (sample === null) close();
      else if (at >= from && at <= to) run.push({ t: at - from, value: sample * piece.scale + piece.origin });
    }
    end = piece.start + piece.samples.length * step;
  }
  close();
  return runs;
}

export interface StripScale {
  readonly low: number;
  readonly high: number;
  /** Height of the strip in millimetres. */
  readonly heightMm: number;
  /** Value of one large square (5 mm). */
  readonly perSquare: number;
}

/** ECG stands at 10 mm/mV; other waveforms fill the strip in round steps of a square. */
export function scaleOf(signal: string, runs: readonly (readonly StripPoint[])[]): StripScale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const run of runs) {
    for (const { value } of run) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) [low, high] = [-1, 1];
  const squaresMin = 6;
  const squaresMax = 16;
  const perSquare = signal.startsWith("ecg-") ? 0.5 : roundStep((high - low) / 5 || 1);
  const bottom = Math.floor(low / perSquare - 0.4);
  const top = Math.ceil(high / perSquare + 0.4);
  let squares = Math.max(squaresMin, top - bottom);
  let base = bottom - Math.floor((squares - (top - bottom)) / 2);
  if (squares > squaresMax) {
    squares = squaresMax;
    base = Math.round((low + high) / 2 / perSquare - squaresMax / 2);
  }
  return { low: base * perSquare, high: (base + squares) * perSquare, heightMm: squares * 5, perSquare };
}

/** 1, 2 or 5 times a power of ten, not smaller than `x`. */
export function roundStep(x: number): number {
  const power = 10 ** Math.floor(Math.log10(x));
  for (const factor of [1, 2, 5]) if (factor * power >= x * 0.999) return Number((factor * power).toPrecision(3));
  return Number((10 * power).toPrecision(3));
}
