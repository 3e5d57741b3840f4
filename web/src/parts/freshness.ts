import { formatDuration, formatWhen } from "./format.ts";

export type Freshness =
  | { readonly state: "live"; readonly text: "" }
  /** Nobody expects the stream to speak: the value stands, with its time, and with its age when that says something. */
  | { readonly state: "on-demand"; readonly text: string }
  | { readonly state: "stale"; readonly text: string }
  | { readonly state: "absent"; readonly text: string };

interface Timed {
  readonly at: number;
  readonly receivedAt: number;
}

/** More than this many expected intervals without a word, and the stream is silent. */
const INTERVALS = 3;
/** Screens get numerics coalesced, over a network: a stream is not silent sooner than this. */
const SILENT_AFTER_MIN_MS = 5_000;
/** A device clock may be off by this much before a value that just came is called old. */
const CLOCK_TOLERANCE_MS = 60_000;
/** An on-demand value says its age from here on. */
const ON_DEMAND_AGE_MS = 10 * 60_000;

/**
 * Whether a value may be taken for the present.
 *
 * @param expectedIntervalMs null: on demand
 * @param now server time
 */
export function freshnessOf(
  latest: Timed | null | undefined,
  expectedIntervalMs: number | null,
  now: number,
  zone: string,
): Freshness {
  if (!latest) return { state: "absent", text: "no reading yet" };
  const age = Math.max(0, now - latest.at);
  const text = `${formatWhen(latest.at, now, zone)}, ${formatDuration(age)} ago`;
  if (expectedIntervalMs === null) {
    return { state: "on-demand", text: age < ON_DEMAND_AGE_MS ? formatWhen(latest.at, now, zone) : text };
  }
  const silentAfter = Math.max(INTERVALS * expectedIntervalMs, SILENT_AFTER_MIN_MS);
  // Two questions: does the stream speak (server time), and is what it says about now (device time)? What a device
  // stored and sent later has just come, and is old all the same.
  if (now - latest.receivedAt > silentAfter || age > silentAfter + CLOCK_TOLERANCE_MS) return { state: "stale", text };
  return { state: "live", text: "" };
}
