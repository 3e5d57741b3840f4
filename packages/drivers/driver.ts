/**
 * A device type as a datasheet: what it measures, how often it is expected to speak, and how soon its silence matters.
 */
export interface Driver {
  /** kebab-case; `Device.type`. */
  readonly key: string;
  readonly display: string;
  /**
   * Signal key to the interval in which a reading (or waveform piece) is expected to arrive, in milliseconds;
   * `null`: on demand, nobody expects anything. A signal that is not listed is of no known rhythm: it can be learned
   * and then confirmed by a person.
   */
  readonly signals: Readonly<Record<string, number | null>>;
  /**
   * How long the device may be away, while it is on a patient, before that is a technical alarm, in milliseconds;
   * `null`: it comes and goes by design, and only its streams are watched.
   */
  readonly offlineAfterMs: number | null;
  /**
   * How long a device that keeps no connection (HTTP, a gateway) may go unheard before it counts as away. For types
   * that say little: of those that stream, the silence of each stream is an alarm already.
   */
  readonly unheardAfterMs?: number;
  /** What the device knows of the time: a clock of its own, or none (then readings carry the server's, and say so). */
  readonly clock: "own" | "none";
  readonly notes?: string;
}

/** Declares a driver; the types are checked here, the vocabulary in the sweep test. */
export function driver(datasheet: Driver): Driver {
  return datasheet;
}

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
/** Nobody expects anything: somebody has to take the measurement. */
export const ON_DEMAND = null;
