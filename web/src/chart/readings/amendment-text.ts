import type { AmendmentBody } from "@openward/api";
import { formatDateTime, formatInUnit, formatTimeWithSeconds, unitText } from "../../parts/format.ts";
import { longName } from "../../parts/signal-display.ts";

/** What was said, in one sentence: "SpO2 55 % of 22 Nov 2026, 14:05:09: entered in error". */
export function amendmentText(amendment: AmendmentBody, zone: string, other?: string): string {
  const { kind, signal, from, to, isReading, received, corrected, unit, deviceId, direction } = amendment;
  const what = signal ? longName(signal) : `everything from ${deviceId}`;
  const value = (v: number | null) =>
    v === null ? "" : ` ${formatInUnit(v, signal ?? "", unit)} ${unitText(unit)}`.trimEnd();
  const at = (time: number) => `${formatDateTime(time, zone).split(",")[0]}, ${formatTimeWithSeconds(time, zone)}`;
  const when = isReading ? `of ${at(from)}` : `from ${at(from)} to ${at(to)}`;
  if (kind === "corrected") return `${what}${value(received)} ${when}: corrected to${value(corrected)}`;
  if (kind === "entered-in-error") return `${what}${value(received)} ${when}: entered in error`;
  const whose = other ?? "another patient";
  return direction === "away"
    ? `${what} ${when}: was not this patient, is ${whose}'s`
    : `${what} ${when}: is this patient's, stood in the record of ${whose}`;
}

/** Does it hold, and touch any of this span? */
export function touches({ from, to, withdrawn }: AmendmentBody, start: number, end: number): boolean {
  return withdrawn === null && from < end && to > start;
}

/** The newest that holds for a reading of a stream, or for a span of a device: what whoever amends next has seen. */
export function newestSeen(
  amendments: readonly AmendmentBody[],
  of: { readonly streamId?: string | undefined; readonly deviceId: string },
  from: number,
  to: number,
): string | null {
  const found = amendments.find(
    (each) =>
      touches(each, from, to) &&
      each.deviceId === of.deviceId &&
      (of.streamId === undefined || each.streamId === null || each.streamId === of.streamId),
  );
  return found?.id ?? null;
}
