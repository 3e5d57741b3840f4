import type { Millis } from "./telemetry.ts";

/** By what a patient is known on a wall that anybody can read, beside the bed. A name is on none. */
export const KIOSK_SHOWS = ["number", "initials"] as const;
export type KioskShows = (typeof KIOSK_SHOWS)[number];

/** A screen on the wall of one ward: nobody's sign-in, and an identity of its own. */
export interface Kiosk {
  readonly id: string;
  readonly organisationId: string;
  readonly name: string;
  readonly wardId: string;
  readonly shows: KioskShows;
  /** A badge alone answers an alarm there. */
  readonly takesBadges: boolean;
  readonly createdAt: Millis;
  readonly createdBy: string;
  /** The browser that has it, of what kind that is, and when it was last heard of; null: none yet. */
  readonly enrolledAt: Millis | null;
  readonly browser: string | null;
  readonly seenAt: Millis | null;
  /** A code that waits for a browser is good until then. */
  readonly codeUntil: Millis | null;
  readonly endedAt: Millis | null;
}

/** Of whoever asks from such a screen. */
export type KioskScreen = Pick<Kiosk, "wardId" | "shows" | "takesBadges">;
