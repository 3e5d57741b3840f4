import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import type { FhirObject } from "@openward/codecs/fhir";
import { type RefusalCode, RefusedInput } from "@openward/errors";
import type { Beside, Change, StoredResource, Untaken } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { intakeOf, needDevice } from "./observation.ts";
import { FORMAT } from "./ports.ts";
import { settle } from "./settle.ts";

/** What of a written Observation is to be brought to telemetry. */
export interface Taking {
  readonly patientId: string;
  readonly deviceId: string;
  /** In whose name nobody measures but who writes. */
  readonly isOwnDevice: boolean;
  readonly streams: readonly { readonly id: string; readonly patientId: string }[];
  /** For ingest; undefined: nothing new was measured. */
  readonly body: FhirObject | undefined;
  /** What was measured before is as it was: no reading has to be amended. */
  readonly isSettled: boolean;
  /** To which is added what becomes of it. */
  readonly remarks: OperationOutcomeIssue[];
}

export interface ObservationChange extends Change {
  readonly taking?: Taking;
}

interface Batch {
  readonly untaken: Untaken;
  readonly takings: readonly Taking[];
}

/**
 * Writes resources, and what of them was measured to telemetry: first the texts with a note of what is to be taken, in one
 * commit; then the readings. Whoever is answered has both, and after a crash in between the next start takes what was noted.
 *
 * @throws RefusedInput CONFLICT; OutsideTrouble STORE_UNAVAILABLE: it is written, and comes to telemetry later
 */
export async function writeMeasured(
  context: RecordContext,
  changes: readonly ObservationChange[],
  write: (beside: Beside | undefined) => Promise<readonly StoredResource[]>,
): Promise<readonly StoredResource[]> {
  if (!changes.some(({ taking }) => taking)) return write(undefined);
  const batches = batchesOf(context, changes);
  const streams = changes.flatMap(({ taking }) => taking?.streams ?? []);
  const stored = await write({ streams, untaken: batches.map(({ untaken }) => untaken) });
  for (const batch of batches) {
    const [first] = batch.takings;
    if (first && context.made?.has(first.patientId)) await needDevice(context, intakeOf(context), first);
    await take(context, batch);
  }
  return stored;
}

/** All of a device go in one message, and are durable together. */
function batchesOf(context: RecordContext, changes: readonly ObservationChange[]): Batch[] {
  const { organisation, written } = context;
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  const noted = { organisationId: organisation.id, resourceId: null };
  const measured = changes.flatMap(({ taking }) => (taking?.body ? [taking] : []));
  const byDevice = Map.groupBy(measured, ({ patientId, deviceId }) => `${patientId} ${deviceId}`);
  const batches: Batch[] = [...byDevice.values()].map((takings) => {
    const { patientId, deviceId } = takings[0] as Taking;
    const body = JSON.stringify(takings.map((one) => one.body));
    return { untaken: { ...noted, id: written.ids.uuid(), patientId, deviceId, body }, takings };
  });
  for (const { id: resourceId, taking } of changes) {
    if (!taking || taking.isSettled) continue;
    const { patientId, deviceId } = taking;
    const id = written.ids.uuid();
    batches.push({ untaken: { ...noted, id, patientId, deviceId, body: null, resourceId }, takings: [taking] });
  }
  return batches;
}

async function take(context: RecordContext, { untaken, takings }: Batch): Promise<void> {
  const { organisationId, deviceId, body, resourceId } = untaken;
  if (body !== null) {
    const bytes = new TextEncoder().encode(body);
    const { quarantined } = await intakeOf(context).accept({ organisationId, deviceId, format: FORMAT, body: bytes });
    // Looked at before, and yet kept out: a device that was taken off meanwhile. Its bytes are in quarantine.
    for (const { index, code } of quarantined) takings[index]?.remarks.push(inQuarantine(code as RefusalCode));
  } else if (resourceId !== null) await settle(context, resourceId);
  context.written?.overlays.taken(untaken.id);
}

export function inQuarantine(code: RefusalCode): OperationOutcomeIssue {
  const issue = issueOf(code, {}, "warning");
  return {
    ...issue,
    details: {
      ...issue.details,
      text: `Kept as it was written; its reading is in quarantine. ${issue.details?.text ?? ""}`,
    },
  };
}
