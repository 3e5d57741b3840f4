import type { DeviceBody } from "@openward/api";
import { formatDuration } from "../parts/format.ts";

type Clock = NonNullable<DeviceBody["clock"]>;

const KINDS: Readonly<Record<NonNullable<Clock["kind"]>, string>> = {
  drift: "it runs too fast or too slow",
  step: "it was set wrong",
  "local-as-utc": "it shows the time of a place and says it is UTC",
  "reset-1970": "it began again at 1970",
  "reset-2000": "it began again at 2000",
  "half-day": "it is twelve hours off",
  date: "it shows another day",
  "zone-change": "it was set to another time zone",
  "dst-spring": "summer time began, and it took it for its own time",
  "dst-autumn": "summer time ended, and it took it for its own time",
  rollover: "its counter ran over",
  "leap-second": "it is a second off since a possible leap second",
  year: "it shows another year",
  standstill: "it stands still",
};

const TREATMENTS: Readonly<Record<Clock["leadsTo"], string>> = {
  kept: "Its times are taken as they are.",
  corrected: "Its times are corrected; what the device said is kept.",
  flagged: "Its times are taken as they are, and marked.",
  quarantined: "What it measures is in quarantine: set its clock.",
};

/** What is known of a device's clock, in sentences; null: it was not seen often enough. */
export function clockSentences({ clock, clockOffsetMs }: Pick<DeviceBody, "clock" | "clockOffsetMs">): string[] | null {
  if (!clock) return null;
  const { kind, leadsTo, isCertain, lessMs, moreMs, driftPpm, driftBoundPpm, sightings } = clock;
  const what = kind === null ? (isCertain ? "The clock is right" : "Its data comes late, or its clock is behind") : "";
  const sure = isCertain || kind === null ? "" : ", or its data comes late";
  const first = kind === null ? `${what}.` : `The clock is wrong: ${KINDS[kind]}${sure}.`;
  const sentences = clock.byPerson
    ? [
        leadsTo === "kept"
          ? "Somebody looked at it: the clock is right, and its data came late."
          : `Somebody looked at it: the clock is wrong. ${kind === null ? "" : `${KINDS[kind]}.`}`.trim(),
        ...(clock.because ? [`Because: ${clock.because}`] : []),
        TREATMENTS[leadsTo],
        "That holds until it is set again.",
      ]
    : [first, TREATMENTS[leadsTo]];
  if (clockOffsetMs !== null && kind !== "standstill") {
    const rounded = Math.round(Math.abs(clockOffsetMs) / 1_000) * 1_000;
    const offset = `${formatDuration(rounded)} ${clockOffsetMs < 0 ? "behind" : "ahead"}`;
    const bounds = `−${seconds(lessMs)} s to +${seconds(moreMs)} s`;
    sentences.push(`Offset: ${offset} (${bounds}), ${sightings} comparisons.`);
  }
  if (driftPpm !== null && driftBoundPpm !== null)
    sentences.push(`Drift: ${driftPpm} ± ${driftBoundPpm} parts per million.`);
  return sentences;
}

/** Openward cannot tell a wrong clock from late data; or a person has, and may think otherwise. */
export function isClockInDoubt({ leadsTo, byPerson }: Pick<Clock, "leadsTo" | "byPerson">): boolean {
  return leadsTo === "flagged" || (leadsTo === "kept" && byPerson);
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1);
