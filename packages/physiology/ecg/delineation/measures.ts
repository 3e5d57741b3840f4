import { type Delineation, levelsBefore } from "./delineate.ts";

/** QT for a heart of 60 a minute, seconds. Bazett HC. Heart 1920;7:353; Fridericia LS. Acta Med Scand 1920;53:469. */
export const qtcBazett = (qt: number, interval: number): number => corrected(qt, interval, 1 / 2);
export const qtcFridericia = (qt: number, interval: number): number => corrected(qt, interval, 1 / 3);

/** @returns NaN where there is no interval */
function corrected(qt: number, interval: number, power: number): number {
  return interval > 0 ? qt / interval ** power : Number.NaN;
}

/** Seconds; null where the wave is absent. */
export interface Durations {
  readonly p: number | null;
  readonly pr: number | null;
  readonly qrs: number;
  readonly qt: number | null;
  readonly qtcBazett: number | null;
  readonly qtcFridericia: number | null;
}

/** @param interval usual seconds from beat to beat; NaN: not known */
export function durationsOf({ p, qrs, t }: Delineation, interval: number): Durations {
  const qt = t && t.offset - qrs.onset;
  const isKnown = qt !== null && interval > 0;
  return {
    p: p && p.offset - p.onset,
    pr: p && qrs.onset - p.onset,
    qrs: qrs.offset - qrs.onset,
    qt,
    qtcBazett: isKnown ? qtcBazett(qt, interval) : null,
    qtcFridericia: isKnown ? qtcFridericia(qt, interval) : null,
  };
}

const ST_HALF_S = 0.01;

/**
 * ST level: how far a lead stands, so long after the end of the QRS, from where it stood before the QRS.
 *
 * @param after seconds after the J point: 0.06 or 0.08
 * @returns mV, a number a lead; NaN where the lead is missing or ends before
 */
export function stLevels(
  leads: readonly (ArrayLike<number> | null)[],
  { qrs }: Delineation,
  after: number,
  rateHz: number,
): number[] {
  const from = Math.round((qrs.offset + after - ST_HALF_S) * rateHz);
  const to = Math.max(Math.round((qrs.offset + after + ST_HALF_S) * rateHz), from + 1);
  return leads.map((lead) => {
    if (!lead || to > lead.length) return Number.NaN;
    let sum = 0;
    for (let i = from; i < to; i++) sum += lead[i] as number;
    const [level] = levelsBefore([lead], qrs.onset * rateHz, rateHz);
    return sum / (to - from) - (level as number);
  });
}
