import { findSignal } from "@openward/signals";
import table from "./signal-display.json" with { type: "json" };

/** Colour family of a signal; a token `--tone-…` of the theme. */
export type Tone = "heart" | "oxygen" | "breath" | "pressure" | "temperature" | "glucose" | "other";

interface Row {
  readonly short: string;
  readonly digits?: number;
  readonly tone?: string;
}

const rows = table as Readonly<Record<string, Row>>;

/** As it stands on a tile: "HR", "SpO2". */
export function shortName(key: string): string {
  return rows[key]?.short ?? longName(key);
}

/** As the vocabulary says it: "Heart rate (ECG)"; a key that is not in it stands as it is. */
export function longName(key: string): string {
  return findSignal(key)?.display ?? key;
}

export function toneOf(key: string): Tone {
  return (rows[key]?.tone as Tone | undefined) ?? "other";
}

/** Decimal places on screens; undefined: as many as the value has, up to two. */
export function digitsOf(key: string): number | undefined {
  return rows[key]?.digits;
}

/** The signal's own unit (UCUM); "" where it has none or is not known. */
export function ownUnit(key: string): string {
  return findSignal(key)?.ucum ?? "";
}
