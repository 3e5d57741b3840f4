import { toneOf } from "../parts/signal-display.ts";
import table from "./burst.json" with { type: "json" };
import type { Priority } from "./priority.ts";

export type Melody = keyof typeof table.melodies;

export interface Pulse {
  readonly onsetMs: number;
  readonly durationMs: number;
  readonly frequencyHz: number;
}

export interface Burst {
  readonly pulses: readonly Pulse[];
  readonly durationMs: number;
  /** From the start of one burst to the start of the next. */
  readonly periodMs: number;
  /** 0 to 1; a lower priority is never louder than a higher one. */
  readonly gain: number;
}

/** The pulses of one burst, as IEC 60601-1-8 counts and spaces them. */
export function burstOf(priority: Priority, melody: Melody = "general"): Burst {
  const { onsetsMs, pulseMs, gapMs, gain } = table[priority];
  const notes: readonly string[] = priority === "low" ? table["low-melody"] : table.melodies[melody][priority];
  const pulses = onsetsMs.map((onsetMs, i) => ({
    onsetMs,
    durationMs: pulseMs,
    frequencyHz: hertz(notes[i % notes.length] ?? "C4"),
  }));
  const durationMs = (onsetsMs.at(-1) ?? 0) + pulseMs;
  return { pulses, durationMs, periodMs: durationMs + gapMs, gain };
}

/** The melody tells by ear what kind of trouble it is. */
export function melodyOf(signal: string | null): Melody {
  if (signal === null) return "general";
  if (signal.startsWith("infusion-") || signal.startsWith("insulin-") || signal.startsWith("pca-")) return "delivery";
  switch (toneOf(signal)) {
    case "heart":
    case "pressure":
      return "cardiovascular";
    case "oxygen":
      return "oxygen";
    case "breath":
      return "ventilation";
    case "temperature":
      return "temperature";
    case "glucose":
    case "other":
      return "general";
  }
}

function hertz(note: string): number {
  return (table.noteHz as Readonly<Record<string, number>>)[note] ?? 261.63;
}
