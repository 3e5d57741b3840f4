import { RefusedInput } from "@openward/errors";
import type { Amendment, AmendmentDraft, AmendmentRecord, PatientView, Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { checkUnit, fromCanonical, toCanonical } from "@openward/signals/units";
import { type Book, holds, isAbout, overlaps } from "./book.ts";
import type { Overlay } from "./overlay.ts";
import { columnsOf, isKnown, recordOnly, waveformsOf } from "./received.ts";

/** What an amendment says, checked; the rest is who and when. */
export type Said = Omit<Amendment, "id" | "sequence" | "organisationId" | "by" | "byDisplay" | "reason" | "at" | "via">;

const REASON_MAX = 500;
const SPAN_MS_MAX = 400 * 86_400_000;

export interface DraftDeps {
  readonly overlay: Overlay;
  readonly now: () => number;
  /** Does the device lie on one of these patients throughout? @throws RefusedInput ASSOCIATION_SPLIT, NO_ASSOCIATION */
  readonly wearer: (
    organisationId: string,
    deviceId: string,
    records: readonly string[],
    from: number,
    to: number,
  ) => Promise<string>;
}

export function checkReason(reason: string): string {
  const text = reason.trim();
  if (text === "" || text.length > REASON_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "reason", expected: `why, in 1 to ${REASON_MAX} characters` });
  return text;
}

/** @throws RefusedInput, naming the field that is at fault */
export async function checkDraft(deps: DraftDeps, view: PatientView, draft: AmendmentDraft): Promise<Said> {
  if (draft.kind === "withdrawn") return checkWithdrawal(deps.overlay.book, view, draft.amendmentId);
  if ("at" in draft) return checkReading(deps, view, draft);
  return checkSpan(deps, view, draft);
}

const PLAIN = { toPatientId: null, reading: null, corrected: null, withdraws: null } as const;

async function checkReading(
  { overlay }: DraftDeps,
  view: PatientView,
  draft: Extract<AmendmentDraft, { at: number }>,
): Promise<Said> {
  const { streamId, at, ordinal, kind } = draft;
  const stream = overlay.streamOf(view, streamId);
  if (stream?.organisationId !== view.principal.organisationId) throw new RefusedInput("NOT_FOUND", { at: "streamId" });
  if (stream.kind !== "numeric")
    throw new RefusedInput("SIGNAL_KIND", { at: "streamId", expected: "readings; of a waveform amend a span" });
  const asked = { from: at, to: at + 1, isDescending: false };
  const parts = overlay.partsOf(stream, at, at + 1);
  // As received: the edits of before are laid over it anew.
  const received: number[] = [];
  for (const part of parts.filter((each) => isKnown(overlay.received, view, each.stream))) {
    const only = recordOnly(part.stream.patientId, view);
    for await (const columns of overlay.received.queries.columns(only, part.stream.id, asked)) {
      const i = columns.ordinals.indexOf(ordinal);
      if (i >= 0) received.push(columns.values[i] as number);
    }
  }
  const value = received[0];
  const inForce = overlay.book
    .of(stream)
    .filter((record) => holds(record) && overlaps(record.amendment, at, at + 1) && isAbout(record.amendment, stream))
    .filter(({ amendment: { reading } }) => reading === null || value === undefined || reading.received === value);
  checkSeen(inForce, draft.seen);
  const now = await overlayReading(overlay, view, stream, at, ordinal);
  if (value === undefined || !now) throw new RefusedInput("READING_NOT_THERE", { at: "at" });
  const said = {
    ...PLAIN,
    kind,
    patientId: stream.patientId,
    deviceId: stream.deviceId,
    streamId: stream.id,
    from: at,
    to: at + 1,
    reading: { ordinal, received: value },
  };
  return kind === "corrected" ? { ...said, corrected: inUnitOf(stream, draft.value, draft.unit) } : said;
}

async function overlayReading(
  { received, partsOf }: Overlay,
  view: PatientView,
  stream: Stream,
  at: number,
  ordinal: number,
): Promise<boolean> {
  const asked = { from: at, to: at + 1, isDescending: false };
  for await (const { ordinals } of columnsOf(received, view, partsOf(stream, at, at + 1), asked)) {
    if (ordinals.includes(ordinal)) return true;
  }
  return false;
}

/** A value in whatever unit, in the stream's. @throws RefusedInput where the signal cannot be that */
function inUnitOf(stream: Stream, value: number | undefined, unit: string | undefined): number {
  if (value === undefined || !Number.isFinite(value)) throw new RefusedInput("VALUE_NOT_A_NUMBER", { at: "value" });
  const signal = findSignal(stream.signal);
  if (!signal) throw new RefusedInput("SIGNAL_UNKNOWN", { at: "streamId" });
  const given = checkUnit(signal, unit ?? null);
  if (!given.ok) throw new RefusedInput(given.code, { at: "unit", expected: given.expected });
  const canonical = toCanonical(value, given.conversion);
  const { hardMin = Number.NEGATIVE_INFINITY, hardMax = Number.POSITIVE_INFINITY } = signal;
  if (canonical < hardMin || canonical > hardMax) {
    const expected = `${signal.hardMin ?? "any"} to ${signal.hardMax ?? "any"} ${signal.ucum ?? ""}`.trim();
    throw new RefusedInput("VALUE_IMPLAUSIBLE", { at: "value", expected });
  }
  if (given.unit === stream.unit) return value;
  const own = checkUnit(signal, stream.unit);
  return own.ok ? fromCanonical(canonical, own.conversion) : canonical;
}

type SpanDraft = Extract<AmendmentDraft, { from: number }>;

async function checkSpan(deps: DraftDeps, view: PatientView, draft: SpanDraft): Promise<Said> {
  const { overlay, now } = deps;
  const { from, to, deviceId, kind } = draft;
  if (!view.has(draft.patientId)) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
  if (!(from < to)) throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time after `from`" });
  if (to > now() + 1) throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time that has passed" });
  if (to - from > SPAN_MS_MAX) throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "at most 400 days" });
  const toPatientId = kind === "re-attributed" ? draft.toPatientId : null;
  if (toPatientId !== null) {
    if (!view.has(toPatientId)) throw new RefusedInput("NOT_FOUND", { at: "toPatientId" });
    if (view.recordsOf(draft.patientId).some((id) => view.recordsOf(toPatientId).includes(id)))
      throw new RefusedInput("FIELD_INVALID", { at: "toPatientId", expected: "another patient" });
  }
  const streamId = kind === "entered-in-error" ? draft.streamId : null;
  const streams = await streamsOf(overlay, view, draft.patientId, deviceId, streamId);
  let { patientId } = draft;
  if (streamId !== null) {
    patientId = (streams[0] as Stream).patientId;
  } else {
    // What was given to the patient has no association of theirs.
    const given = overlay.book.ofPatient(patientId).find((record) => {
      const { toPatientId: to0, deviceId: device, from: start, to: end } = record.amendment;
      return to0 === draft.patientId && device === deviceId && start <= from && end >= to && holds(record);
    });
    if (!given) patientId = await onWhose(deps, view, draft, streams);
  }
  const own = streams.filter((stream) => stream.patientId === patientId);
  const inForce = overlay.book
    .of({ id: "", patientId, deviceId })
    .filter((record) => holds(record) && overlaps(record.amendment, from, to))
    .filter(({ amendment }) => own.some((stream) => isAbout(amendment, stream)));
  checkSeen(inForce, draft.seen);
  let isEmpty = true;
  for (const stream of own) if (isEmpty && (await hasAny(overlay, view, stream, from, to))) isEmpty = false;
  if (isEmpty) throw new RefusedInput("READING_NOT_THERE", { at: "from" });
  return { ...PLAIN, kind, patientId, toPatientId, deviceId, streamId, from, to };
}

/** On whose record it lies: of whoever wore the device, or of whoever was said to, until somebody told in hindsight. */
async function onWhose(
  { overlay, wearer }: DraftDeps,
  view: PatientView,
  draft: SpanDraft,
  streams: readonly Stream[],
): Promise<string> {
  const { deviceId, patientId, from, to, kind } = draft;
  const { organisationId } = view.principal;
  try {
    return await wearer(organisationId, deviceId, view.recordsOf(patientId), from, to);
  } catch (error) {
    if (!(error instanceof RefusedInput) || error.code !== "NO_ASSOCIATION") throw error;
    // What came before it was told lies where the device was believed to be: with one wearer, by what is known today.
    const wasTheirs =
      kind !== "re-attributed" ||
      (await isWorn(wearer(organisationId, deviceId, view.recordsOf(draft.toPatientId), from, to)));
    if (!wasTheirs) throw error;
    for (const stream of streams) if (await hasAny(overlay, view, stream, from, to)) return stream.patientId;
    throw error;
  }
}

async function isWorn(wearer: Promise<string>): Promise<boolean> {
  try {
    return (await wearer) !== "";
  } catch (error) {
    if (error instanceof RefusedInput) return false;
    throw error;
  }
}

async function streamsOf(
  { streamOf, received, newest }: Overlay,
  view: PatientView,
  patientId: string,
  deviceId: string,
  streamId: string | null,
): Promise<Stream[]> {
  if (streamId !== null) {
    const stream = streamOf(view, streamId);
    const isTheirs = stream && view.recordsOf(patientId).includes(stream.patientId);
    if (!isTheirs || stream.organisationId !== view.principal.organisationId)
      throw new RefusedInput("NOT_FOUND", { at: "streamId" });
    return [stream];
  }
  const own = (await received.streams(view, patientId)).map(({ stream }) => stream);
  const given = view.recordsOf(patientId).flatMap((record) => [...newest.of(record)].map(({ stream }) => stream));
  const all = new Map([...own, ...given].map((stream) => [stream.id, stream]));
  const { organisationId } = view.principal;
  const streams = [...all.values()].filter(
    (stream) => stream.deviceId === deviceId && stream.organisationId === organisationId,
  );
  if (streams.length === 0) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
  return streams;
}

async function hasAny(
  { received, partsOf }: Overlay,
  view: PatientView,
  stream: Stream,
  from: number,
  to: number,
): Promise<boolean> {
  const parts = partsOf(stream, from, to);
  if (stream.kind === "waveform") {
    for await (const piece of waveformsOf(received, view, stream, parts)) if (piece.samples.length > 0) return true;
    return false;
  }
  for await (const { times } of columnsOf(received, view, parts, { from, to, isDescending: false })) {
    if (times.length > 0) return true;
  }
  return false;
}

/** Nobody amends what somebody else amended since it was looked at. */
function checkSeen(inForce: readonly AmendmentRecord[], seen: string | null): void {
  const newest = inForce.at(-1)?.amendment.id ?? null;
  if (newest !== seen)
    throw new RefusedInput("AMENDED_MEANWHILE", { at: "seen", expected: newest ?? "null: nothing is said of it" });
}

function checkWithdrawal(book: Book, view: PatientView, amendmentId: string): Said {
  const record = book.find(amendmentId);
  const amendment = record?.amendment;
  const isOwn = amendment?.organisationId === view.principal.organisationId;
  const isSeen = isOwn && view.has(amendment.patientId);
  if (!isSeen || (amendment.toPatientId !== null && !view.has(amendment.toPatientId)))
    throw new RefusedInput("NOT_FOUND", { at: "amendmentId" });
  if (amendment.kind === "withdrawn")
    throw new RefusedInput("FIELD_INVALID", { at: "amendmentId", expected: "an amendment, not a withdrawal" });
  if (record?.withdrawnBy)
    throw new RefusedInput("AMENDED_MEANWHILE", { at: "amendmentId", expected: "one that holds" });
  const patients = [amendment.patientId, amendment.toPatientId].filter((id) => id !== null);
  for (const patientId of patients) {
    for (const later of book.of({ id: "", patientId, deviceId: amendment.deviceId })) {
      const { amendment: other } = later;
      if (other.sequence <= amendment.sequence || !holds(later)) continue;
      if (!overlaps(other, amendment.from, amendment.to)) continue;
      const isApart = amendment.streamId !== null && other.streamId !== null && amendment.streamId !== other.streamId;
      const isOtherReading =
        amendment.reading && other.reading && amendment.reading.received !== other.reading.received;
      if (isApart || isOtherReading) continue;
      throw new RefusedInput("CONFLICT", { at: "amendmentId", expected: "that the later ones are withdrawn first" });
    }
  }
  const { deviceId, streamId, from, to, reading, patientId, toPatientId } = amendment;
  return {
    kind: "withdrawn",
    patientId,
    toPatientId,
    deviceId,
    streamId,
    from,
    to,
    reading,
    corrected: null,
    withdraws: amendment.id,
  };
}
