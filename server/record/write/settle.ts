import { RefusedInput } from "@openward/errors";
import { parseResource, plainFhir } from "@openward/fhir/json";
import type { MeasuredPlace } from "@openward/fhir/store";
import type { AmendmentDraft } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { placesOf } from "./identity.ts";
import { measureOf, type Part } from "./measure.ts";
import { intakeOf } from "./observation.ts";
import { settling } from "./settling.ts";
import { textsOf } from "./texts.ts";

/** Of what was said before, each is withdrawn by itself; and somebody else may amend at the same moment. */
const ROUNDS_MAX = 10;

/**
 * Brings the readings of a written Observation in line with what it says now: another value is a correction, and what it says
 * no more was entered in error. Done again it changes nothing.
 */
export async function settle(context: RecordContext, id: string): Promise<void> {
  settling.add(id);
  try {
    await settleReadings(context, id);
  } finally {
    settling.delete(id);
  }
}

async function settleReadings(context: RecordContext, id: string): Promise<void> {
  const stored = await textsOf(context).read(context.view.principal, "Observation", id);
  if (!stored) return;
  const places = await placesOf(context, id);
  const parts = stored.content === null ? [] : await partsOf(context, stored.content, stored.patientIds, places);
  for (const place of places) {
    const part = parts.find(
      ({ streamId, from, to }) => streamId === place.streamId && from === place.from && to === place.to,
    );
    await amend(context, place, part, `Observation/${id}`);
  }
}

export async function partsOf(
  context: RecordContext,
  content: string,
  patientIds: readonly string[],
  [first]: readonly MeasuredPlace[],
): Promise<readonly Part[]> {
  const resource = plainFhir(parseResource(content)) as Readonly<Record<string, unknown>>;
  const options = { place: "Observation", ...(first && { deviceId: first.deviceId }) };
  return (await measureOf(context, intakeOf(context), resource, patientIds, options)).parts;
}

async function amend(
  context: RecordContext,
  place: MeasuredPlace,
  part: Part | undefined,
  name: string,
): Promise<void> {
  const { view, app } = context;
  const { id, display } = view.principal;
  const author = { id, display: app ? `${display} (${app.name})`.slice(0, 120) : display };
  for (let i = 1; i <= ROUNDS_MAX; i++) {
    const draft = await draftOf(context, place, part, name);
    if (!draft) return;
    try {
      await intakeOf(context).amend(view, draft, author);
    } catch (error) {
      const isMeanwhile = error instanceof RefusedInput && error.code === "AMENDED_MEANWHILE";
      // It never came to telemetry: it is in quarantine, or another's by now.
      if (error instanceof RefusedInput && error.code === "READING_NOT_THERE") return;
      if (!isMeanwhile || i === ROUNDS_MAX) throw error;
    }
  }
}

/** What is to be said of a reading; undefined: it is as it should be. */
async function draftOf(
  { telemetry, view }: RecordContext,
  { streamId, deviceId, patientId, from, to, ordinal }: MeasuredPlace,
  part: Part | undefined,
  name: string,
): Promise<AmendmentDraft | undefined> {
  const touched = telemetry.touched(view, streamId, from, to);
  if (ordinal === null) {
    if (part || (touched && !touched.withdrawnBy)) return undefined;
    return {
      ...{ kind: "entered-in-error", streamId, deviceId, patientId, from, to, seen: null },
      reason: `${name} was deleted or says so no more.`,
    };
  }
  const history = touched ? await telemetry.history(view, streamId, from, ordinal) : undefined;
  const last = history?.versions.at(-1);
  const reading = touched ? undefined : await telemetry.reading(view, streamId, from, ordinal);
  if (!last && !reading) return undefined;
  const isError = last?.status === "entered-in-error";
  const value = last ? last.value : (reading?.value ?? null);
  const said = (history?.versions ?? []).flatMap(({ amendment }) => (amendment ? [amendment] : []));
  const withdrawn = new Set(said.map(({ withdraws }) => withdraws));
  const inForce = said.findLast(({ kind, id }) => kind !== "withdrawn" && !withdrawn.has(id));
  if (part ? !isError && value === part.value : isError) return undefined;
  const first = history?.versions[0]?.value ?? reading?.value;
  // What was said of it and holds no more is withdrawn: it is as it was measured.
  if (inForce?.reading && part && first === part.value)
    return { kind: "withdrawn", amendmentId: inForce.id, reason: `${name} says again what was measured.` };
  const seen = inForce?.id ?? null;
  if (!part)
    return {
      ...{ kind: "entered-in-error", streamId, at: from, ordinal, seen },
      reason: `${name} was deleted or says so no more.`,
    };
  return {
    ...{ kind: "corrected", streamId, at: from, ordinal, value: part.value, unit: part.unit, seen },
    reason: `${name} was changed.`,
  };
}
