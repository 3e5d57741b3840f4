import table from "./burst.json" with { type: "json" };

export type TonePriority = "high" | "medium" | "low";

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
export function burstOf(priority: TonePriority, melody: Melody = "general"): Burst {
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

function hertz(note: string): number {
  return (table.noteHz as Readonly<Record<string, number>>)[note] ?? 261.63;
}
