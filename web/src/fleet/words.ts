import type { DeviceState, EndingBody, GapBody, GapCauseBody } from "@openward/api";
import { count, formatDuration } from "../parts/format.ts";

/** A cause in a word, and the letter that stands for it where there is no room. */
export const causeWord: Readonly<Record<GapCauseBody, { readonly word: string; readonly letter: string }>> = {
  battery: { word: "battery", letter: "B" },
  "out-of-range": { word: "out of range", letter: "R" },
  "link-down": { word: "link down", letter: "L" },
  clock: { word: "clock", letter: "C" },
  quarantined: { word: "in quarantine", letter: "Q" },
  "not-worn": { word: "not worn", letter: "W" },
  sensor: { word: "sensor", letter: "S" },
  maintenance: { word: "maintenance", letter: "M" },
  unknown: { word: "unknown", letter: "?" },
};

export const stateWord: Readonly<Record<DeviceState, string>> = {
  "in-use": "In use",
  free: "Free",
  silent: "Silent",
  "battery-low": "Battery low",
  "clock-wrong": "Clock wrong",
  "in-quarantine": "In quarantine",
  "used-twice": "Used twice",
  "certificate-ending": "Certificate ends",
  "firmware-old": "Old firmware",
  "service-due": "Service due",
  "out-of-service": "Out of service",
  "no-access": "No access",
};

export const endingWord: Readonly<Record<EndingBody["kind"], string>> = {
  "device-certificate": "Certificate of a device",
  "device-token": "Token of a device",
  "api-token": "Token of a program",
  "server-certificate": "Certificate of the server",
  authority: "Authority of devices' certificates",
};

interface Day {
  readonly expected: number;
  readonly received: number;
  readonly missing: Partial<Record<GapCauseBody, number>>;
}

/** Rounded so that 100 is all of it, and 0 nothing. */
export function percentOf({ expected, received }: Pick<Day, "expected" | "received">): number {
  if (expected === 0) return 100;
  const percent = (100 * received) / expected;
  return received === expected ? 100 : Math.min(99, received === 0 ? 0 : Math.max(1, Math.round(percent)));
}

/** The cause of most of what is missing in gaps; null: nothing is. */
export function mainCauseOf({ missing }: Pick<Day, "missing">): GapCauseBody | null {
  const [most] = Object.entries(missing).sort((a, b) => b[1] - a[1]) as [GapCauseBody, number][];
  return most && most[1] > 0 ? most[0] : null;
}

/** How much is missing, in steps that are told apart. */
export function stepOf(percent: number): "whole" | "little" | "some" | "much" | "most" {
  if (percent >= 99) return "whole";
  if (percent >= 95) return "little";
  if (percent >= 80) return "some";
  return percent >= 50 ? "much" : "most";
}

/** What a cell says to who cannot see it. */
export function dayText(day: string, told: Day | undefined): string {
  if (!told) return `${day}: nothing was expected`;
  const causes = Object.entries(told.missing)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([cause, n]) => `${causeWord[cause as GapCauseBody].word} ${n}`);
  const missing = causes.length > 0 ? `; missing: ${causes.join(", ")}` : "";
  return `${day}: ${percentOf(told)} %, ${told.received} of ${told.expected}${missing}`;
}

/** What a cause is read from, in a sentence. */
export function proofText(proof: GapBody["proofs"][number], timeOf: (at: number) => string): string {
  const at = proof.at === null ? "" : timeOf(proof.at);
  switch (proof.by) {
    case "server":
      return "The server did not run.";
    case "connection":
      return "Its connection to the server was away.";
    case "gateway":
      return `Nothing was heard of gateway ${proof.gateway?.id}.`;
    case "others-heard":
      return `Gateway ${proof.gateway?.id} heard ${count(proof.count ?? 0, "other device")}, and this one not.`;
    case "battery": {
      const charged = proof.after === null ? "" : ` Afterwards ${Math.round(proof.after)} %.`;
      return `Battery ${Math.round(proof.percent ?? 0)} % at ${at}.${charged}`;
    }
    case "quarantine":
      return `${count(proof.count ?? 0, "message")} in quarantine: ${proof.what}.`;
    case "clock-state":
      return `Its clock was found wrong (${proof.what}) at ${at}.`;
    case "standby":
      return proof.reason === null ? "Watching was paused." : `Watching was paused: ${proof.reason}.`;
    case "sensor-off":
      return `It said that it is on nobody (${proof.what}) at ${at}.`;
    case "heard":
      return `It was there (${at}), and told nothing of its patient.`;
    case "other-signals":
      return `Its other signals came (${at}).`;
    case "out-of-service":
      return "It was out of service.";
  }
}

export function endsText(endsAt: number, now: number): string {
  return endsAt <= now ? `ended ${formatDuration(now - endsAt)} ago` : `ends in ${formatDuration(endsAt - now)}`;
}

/** Worst first: what has ended, or ends within a week, and nothing else lasts longer. */
export function isUrgent({ endsAt, isCovered }: Pick<EndingBody, "endsAt" | "isCovered">, now: number): boolean {
  return !isCovered && endsAt - now < 7 * 86_400_000;
}

/** "2026-11-27" back over so many days, the oldest first. @param today ISO day */
export function daysUntil(today: string, days: number): string[] {
  const last = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: days }, (_, i) =>
    new Date(last - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10),
  );
}
