import { findSignal } from "@openward/signals";

/**
 * One signal has one unit on all screens, so that a value, its limit and its trend can be compared. The conversions
 * that devices of a ward need are these; the whole of UCUM stays on the server. A test holds every row against it.
 */
interface Row {
  readonly from: string;
  readonly to: string;
  readonly scale: number;
  readonly offset: number;
  /** Only these signals: mass and amount of substance meet through a molar mass. */
  readonly signals?: readonly string[];
}

const glucose = ["glucose-interstitial", "glucose-blood"];

export const conversions: readonly Row[] = [
  { from: "[degF]", to: "Cel", scale: 5 / 9, offset: -160 / 9 },
  { from: "K", to: "Cel", scale: 1, offset: -273.15 },
  { from: "kPa", to: "mm[Hg]", scale: 7.50063755419, offset: 0 },
  { from: "{beats}/min", to: "/min", scale: 1, offset: 0 },
  { from: "{breaths}/min", to: "/min", scale: 1, offset: 0 },
  { from: "[lb_av]", to: "kg", scale: 0.45359237, offset: 0 },
  { from: "g", to: "kg", scale: 0.001, offset: 0 },
  { from: "m", to: "cm", scale: 100, offset: 0 },
  { from: "uV", to: "mV", scale: 0.001, offset: 0 },
  { from: "V", to: "mV", scale: 1000, offset: 0 },
  { from: "1", to: "%", scale: 100, offset: 0 },
  { from: "mmol/L", to: "mg/dL", scale: 18.0156, offset: 0, signals: glucose },
  { from: "mg/dL", to: "mmol/L", scale: 1 / 18.0156, offset: 0, signals: ["glucose-blood-molar"] },
];

export interface Converted {
  readonly value: number;
  readonly unit: string;
  /** False: the unit is not one we convert; the value stands as received, with its own unit. */
  readonly isOwnUnit: boolean;
}

/** The value in the signal's own unit where we know how; otherwise as received. */
export function toOwnUnit(signal: string, value: number, unit: string): Converted {
  const own = findSignal(signal)?.ucum;
  if (own === undefined || unit === own || unit === "") return { value, unit: unit || (own ?? ""), isOwnUnit: true };
  const row = conversions.find(
    (c) => c.from === unit && c.to === own && (c.signals === undefined || c.signals.includes(signal)),
  );
  if (!row) return { value, unit, isOwnUnit: false };
  return { value: Number((value * row.scale + row.offset).toPrecision(12)), unit: own, isOwnUnit: true };
}
