export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** How long a block is, aligned to UTC. */
export const PERIOD_MS = { numeric: HOUR_MS, waveform: 5 * MINUTE_MS } as const;

/** What stays in memory behind the sealed edge. */
export const WINDOW_MS = { numeric: 15 * MINUTE_MS, waveform: 2 * MINUTE_MS } as const;

/** What stays at least when memory is short: screens and alarms look at the last minutes. */
export const WINDOW_MS_MIN = { numeric: 2 * MINUTE_MS, waveform: MINUTE_MS } as const;

export function periodOf(time: number, lengthMs: number): number {
  return Math.floor(time / lengthMs) * lengthMs;
}
