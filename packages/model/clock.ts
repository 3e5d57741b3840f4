import type { Millis } from "./telemetry.ts";

/** Ways in which the clock of a device is wrong. */
export const WRONG_CLOCKS = [
  "drift",
  "step",
  "local-as-utc",
  "reset-1970",
  "reset-2000",
  "half-day",
  "date",
  "zone-change",
  "dst-spring",
  "dst-autumn",
  "rollover",
  "leap-second",
  "year",
  "standstill",
] as const;
export type WrongClock = (typeof WRONG_CLOCKS)[number];

/**
 * What comes of readings under a clock. Kept: its time is taken as it is. Corrected: the time is known, and put in its
 * place. Flagged: it is taken, and marked. Quarantined: what the clock shows is no time.
 */
export const CLOCK_TREATMENTS = ["kept", "corrected", "flagged", "quarantined"] as const;
export type ClockTreatment = (typeof CLOCK_TREATMENTS)[number];

/**
 * What was decided of a device's clock over a span in which nobody set it. It is added to and never changed, so that a time
 * becomes the same whenever it is sent, and the device's own time can be worked out from what is stored:
 * device time = time + aheadMs + drift * (time - at).
 */
export interface ClockState {
  readonly organisationId: string;
  readonly deviceId: string;
  /** From 1, ascending for each device. */
  readonly sequence: number;
  readonly decidedAt: Millis;
  /** null: nothing is wrong with it. */
  readonly kind: WrongClock | null;
  readonly leadsTo: ClockTreatment;
  /** false: data that is late would look the same. */
  readonly isCertain: boolean;
  /** The clock was set after `after` (null: nobody knows) and before `from`; server time. */
  readonly from: Millis;
  readonly after: Millis | null;
  /** Device time from which on this holds, and what was decided of the same span before holds until then; null: all of it. */
  readonly appliesFrom: Millis | null;
  /** Server time at which the clock is `aheadMs` ahead. */
  readonly at: Millis;
  readonly aheadMs: number;
  /** ms per ms. */
  readonly drift: number;
  /** The drift is believed to be no further away than this; 0.001: too little was seen to tell. */
  readonly driftBound: number;
  /** The clock is ahead by `aheadMs` less this at least ... */
  readonly belowMs: number;
  /** ... and by this more at most. */
  readonly aboveMs: number;
  /** By how many sightings it is borne out. */
  readonly sightings: number;
  /** The person who decided it, and why; left out: Openward. It holds until the clock is set again. */
  readonly decidedBy?: string;
  readonly because?: string;
}
