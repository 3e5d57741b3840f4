import type { PatientView, Stream } from "@openward/model";
import type { ByHand, Difference, Fate, Finding, NewPoint } from "./differences.ts";
import { timeOf } from "./differences.ts";
import type { Amendments, Point, Reads, ReceivedSpan, Records, Telemetry } from "./ports.ts";
import { answered, endOf, samplesIn } from "./stored.ts";

interface Deps {
  readonly telemetry: Telemetry;
  readonly records: Pick<Records, "knownEvents">;
  readonly amendments: Amendments;
}

/** undefined: an event is not amended. */
export function receivedSpanOf(point: Point): ReceivedSpan | undefined {
  if (point.kind === "event") return undefined;
  const { stream } = point;
  if (point.kind === "reading") return { stream, from: point.time, to: point.time + 1, received: point.value };
  return { stream, from: point.waveform.start, to: endOf(point.waveform), received: null };
}

/**
 * What is a difference to what a reader reads today, and what becomes of it. What came of the input then may have been
 * applied before, amended by people, given to another patient or taken back by now.
 *
 * @param isRestoring what a run has entered in error, as it was undone, is read again
 */
export async function judge(
  findings: readonly Finding[],
  view: PatientView,
  deps: Deps,
  isRestoring = false,
): Promise<{ readonly differences: readonly Difference[]; readonly same: number }> {
  if (findings.length === 0) return { differences: [], same: 0 };
  const points = findings.flatMap(({ before, after }) => [before, after].filter((point) => point !== null));
  const there = await answered(points, view, deps);
  const differences: Difference[] = [];
  let same = 0;
  for (const finding of findings) {
    const open = (isRestoring && restoring(finding, there)) || stillOpen(finding, there);
    if (!open) continue;
    const { before, after } = open;
    if (!before) {
      differences.push({ ...open, now: null, fate: { do: "add" } });
      continue;
    }
    const span = receivedSpanOf(before);
    if (!span) {
      differences.push({ ...open, now: null, fate: { do: "by hand", because: "event" } });
      continue;
    }
    const now = deps.amendments.reads(span);
    const fate = await fateOf({ before, after, span, now, ordinal: there.get(before) ?? 0 }, view, deps);
    if (!fate && (finding.before === finding.after || open.before === open.after)) same++;
    else if (fate) differences.push({ ...open, now, fate });
  }
  return { differences, same };
}

/** It was added before, and may have been taken back with that run: then it is as it was received. */
function restoring({ what, after }: Finding, there: ReadonlyMap<Point, number>): Finding | undefined {
  if (what !== "added" || after?.kind !== "reading" || !there.has(after)) return undefined;
  return { what: "changed", before: after, after };
}

/** Without what the store has already, and without what it never had. */
function stillOpen({ what, before, after }: Finding, there: ReadonlyMap<Point, number>): Finding | undefined {
  const isGone = before === null || !there.has(before);
  const isThere = after === null || there.has(after);
  if (before === after) return isGone ? undefined : { what, before, after };
  if (what === "added") return isThere ? undefined : { what, before, after };
  if (what === "missing") return isGone ? undefined : { what, before, after };
  if (isGone) return isThere ? undefined : { what: "added", before: null, after };
  const isOnlyQuality = before.kind === "reading" && after?.kind === "reading" && isSameValue(before, after);
  return isThere && !isOnlyQuality ? { what: "missing", before, after: null } : { what, before, after };
}

interface Judged {
  readonly before: Point;
  readonly after: NewPoint | null;
  readonly span: ReceivedSpan;
  readonly now: Reads;
  readonly ordinal: number;
}

/** undefined: a reader reads what comes out today. */
async function fateOf(judged: Judged, view: PatientView, deps: Deps): Promise<Fate | undefined> {
  const { before, after, span, now, ordinal } = judged;
  const amend = (becomes: number | "as received" | null, isAdded = false): Fate => ({
    do: "amend",
    restated: { ...span, ordinal, becomes },
    isAdded,
  });
  const isPersons = now.amendment !== null && now.amendment.via === "person";
  const leave = (): Fate | undefined => (now.amendment ? { do: "leave", amendment: now.amendment } : undefined);
  const byHand = (because: ByHand): Fate => ({ do: "by hand", because });
  if (after === null) {
    if (now.isHidden) return undefined;
    if (isPersons || now.isSplit) return leave();
    return (await isAlone(before, view, deps)) ? amend(null) : byHand("waveform");
  }
  if (before === after || isSamePlace(before, after)) {
    if (before.kind !== "reading" || after.kind !== "reading") {
      if (before !== after) return isPersons ? leave() : byHand("waveform");
      if (!now.isHidden && !now.isSplit) return undefined;
      return isPersons || now.isSplit ? leave() : amend("as received");
    }
    const isRead = !now.isHidden && Object.is(now.value, after.value);
    const isOnlyQuality = before !== after && Object.is(before.value, after.value);
    if (isRead) return isOnlyQuality ? byHand("quality") : undefined;
    if (isPersons) return leave();
    return amend(Object.is(before.value, after.value) ? "as received" : after.value);
  }
  const target = placeOf(after, deps.amendments);
  // A person gave it to the patient on whom the device is known to have been by now.
  if (isReadAs(now, target, before, after)) return undefined;
  if (isPersons) return leave();
  if (target && target.patientId !== now.stream.patientId) return byHand("patient");
  const isFree = before.kind !== "waveform" || target?.id !== now.stream.id;
  return isFree && (await isAlone(before, view, deps)) ? amend(null, true) : byHand("waveform");
}

/** A piece whose span holds other samples as well cannot be taken out by its span. */
async function isAlone(point: Point, view: PatientView, { telemetry }: Deps): Promise<boolean> {
  return (
    point.kind !== "waveform" || (await samplesIn(point.waveform, view, telemetry)) <= point.waveform.samples.length
  );
}

function placeOf(point: Point, amendments: Amendments): Stream | undefined {
  const span = receivedSpanOf(point);
  return span && amendments.reads(span).stream;
}

function isReadAs(now: Reads, target: Stream | undefined, before: Point, after: Point): boolean {
  if (now.isHidden || now.isSplit || target?.id !== now.stream.id || timeOf(before) !== timeOf(after)) return false;
  if (before.kind === "reading" && after.kind === "reading") return Object.is(now.value, after.value);
  if (before.kind !== "waveform" || after.kind !== "waveform") return false;
  const [a, b] = [before.waveform, after.waveform];
  const isSameShape = a.rateHz === b.rateHz && a.scale === b.scale && a.origin === b.origin;
  return (
    isSameShape && a.samples.length === b.samples.length && a.samples.every((sample, i) => sample === b.samples[i])
  );
}

const isSamePlace = (a: Point, b: Point): boolean =>
  a.kind !== "event" && b.kind !== "event" && a.stream.id === b.stream.id && timeOf(a) === timeOf(b);

const isSameValue = (
  a: { readonly stream: Stream; readonly time: number; readonly value: number },
  b: { readonly stream: Stream; readonly time: number; readonly value: number },
): boolean => a.stream.id === b.stream.id && a.time === b.time && Object.is(a.value, b.value);
