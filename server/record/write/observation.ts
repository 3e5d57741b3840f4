import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { parseResource, plainFhir, printFhir, type Resource } from "@openward/fhir/json";
import { findableOf, patientsOf } from "@openward/fhir/search";
import type { Change, Findable, MeasuredPlace, StoredResource, Whose } from "@openward/fhir/store";
import { validate } from "@openward/fhir/validate";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { findObservation } from "../sources/find.ts";
import { isUuid } from "../uuid.ts";
import { ResourceRefused, resourceIn } from "../written/check.ts";
import { definitions } from "../written/definitions.ts";
import { contentOf } from "../written/present.ts";
import { isReached } from "../written/reach.ts";
import { type Done, doneOf } from "../written/write.ts";
import { learnForm } from "./forms.ts";
import { idOf, placeParts, placesOf, placesOfParts } from "./identity.ts";
import { type Left, type Measure, measureOf, ownDeviceOf } from "./measure.ts";
import type { ObservationIntake } from "./ports.ts";
import { needObservationWriter, type ObservationReach, observationReach } from "./reach.ts";
import type { ObservationChange, Taking } from "./take.ts";
import { standingOfMade, TYPE, textsOf } from "./texts.ts";

const NOTHING: Findable = { terms: [], strings: [], spans: [], words: "" };

/** What is about to be done with an Observation, as `Plan` of written/write.ts; with what is said of it besides. */
export type ObservationPlan =
  | {
      readonly kind: "change";
      readonly change: ObservationChange;
      readonly status: 200 | 201 | 204;
      readonly remarks: OperationOutcomeIssue[];
    }
  | {
      readonly kind: "there";
      readonly done: Done;
    };

export interface CreateOptions {
  readonly place: string;
  /** Which it will have, where it is not told by what it measures. */
  readonly id: string;
  /** Look whether it is there before: somebody was faster. */
  readonly isCareful: boolean;
  /** Ids that others of the same transaction will have. */
  readonly claimed?: Set<string>;
}

/** @throws RefusedInput NOT_SUPPORTED where nothing is written */
export function intakeOf({ intake }: RecordContext): ObservationIntake {
  if (!intake) throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: "GET" });
  return intake;
}

/** Everything that could keep it out is looked at now: of a transaction all is taken or nothing. */
export async function planCreate(
  context: RecordContext,
  body: unknown,
  options: CreateOptions,
): Promise<ObservationPlan> {
  const { place, isCareful, claimed } = options;
  needObservationWriter(context, "c");
  const intake = intakeOf(context);
  const reach = observationReach(context, "c");
  const good = await check(context, reach, body, place, undefined);
  const { resource, patientIds, findable, measure } = good;
  const content = printFhir(contentOf(resource));
  const { left } = measure;
  const remarks = remarksOf(left);
  const made = (id: string, taking: Taking | undefined, places?: readonly MeasuredPlace[]): ObservationPlan => {
    claimed?.add(id);
    const change: ObservationChange = {
      ...{ type: TYPE, id, after: 0, method: "POST", content, patientIds, findable },
      ...(places && { places }),
      ...(taking && { taking }),
    };
    return { kind: "change", status: 201, change, remarks };
  };
  if (measure.parts.length === 0) return made(options.id, undefined);
  // Of whom this transaction makes, the device is made when they are there.
  if (!context.made?.has(measure.patientId)) await needDevice(context, intake, measure);
  let placed = await placeParts(context, measure.parts);
  for (;;) {
    const id = await idOf(context, measure, placed);
    if (id === undefined) return irregular();
    const isClaimed = claimed?.has(id) === true;
    const isNew = placed.every(({ isThere }) => !isThere);
    // Behind everything that its stream has, nothing can be written yet.
    if (!isCareful && isNew && !isClaimed) {
      if (placed.length === 1 && left.length === 0) await learnForm(context, good);
      return made(id, takingOf(measure, remarks), panelPlaces(id));
    }
    const before = isClaimed ? undefined : await textsOf(context).read(context.view.principal, TYPE, id);
    if (!before && !isClaimed) return over(id);
    if (before?.content === content) return { kind: "there", done: doneOf(before, 200, remarks) };
    if (before?.content === null) return again(before);
    // The same values in other words are another text about the same readings; other values are the next reading.
    const isSame = before ? await measuresSame(context, before.content ?? "", measure) : true;
    if (!isNew || isSame) return made(options.id, undefined);
    placed = placed.map((one) => ({ ...one, ordinal: one.ordinal === null ? null : one.ordinal + 1 }));
  }

  /** Where a device's own Observation was read before, it is the first version. */
  async function over(id: string): Promise<ObservationPlan> {
    const plan = made(id, takingOf(measure, remarks), panelPlaces(id));
    if (plan.kind !== "change" || placed.every(({ isThere }) => !isThere)) return plan;
    const before = (await findObservation(context, id))?.map();
    const { stood } = before ? standingOfMade(context, before) : {};
    return stood ? { ...plan, change: { ...plan.change, stoodBefore: stood } } : plan;
  }

  /** It was deleted, and is written again: its readings hold again. */
  function again(before: StoredResource): ObservationPlan {
    const plan = made(before.id, { ...takingOf(measure, remarks), isSettled: false }, panelPlaces(before.id));
    if (plan.kind !== "change") return plan;
    return { ...plan, change: { ...plan.change, after: before.version } };
  }

  /** Several readings, or samples: which they are is noted beside it. */
  async function irregular(): Promise<ObservationPlan> {
    const places = placesOfParts(placed, measure.deviceId);
    const [first] = places;
    const there = first && (await context.written?.overlays.resourceAt(context.organisation.id, first));
    for (const id of there ?? []) {
      const before = await textsOf(context).read(context.view.principal, TYPE, id);
      if (before?.content === content) return { kind: "there", done: doneOf(before, 200, remarks) };
    }
    return made(options.id, takingOf(measure, remarks), places);
  }

  /** Which members a panel has is not told by its id. */
  function panelPlaces(id: string): readonly MeasuredPlace[] | undefined {
    return id.startsWith("p") ? placesOfParts(placed, measure.deviceId) : undefined;
  }
}

export interface Good {
  readonly resource: Resource;
  readonly patientIds: readonly string[];
  readonly findable: Findable;
  readonly measure: Measure;
}

/** @throws ResourceRefused; RefusedInput */
async function check(
  context: RecordContext,
  reach: ObservationReach,
  body: unknown,
  place: string,
  deviceId: string | undefined,
): Promise<Good> {
  const resource = resourceIn(body, place);
  if (resource.resourceType !== TYPE)
    throw new RefusedInput("FIELD_INVALID", { at: `${place}.resourceType`, expected: TYPE });
  const plain = plainFhir(resource);
  const faults = validate(plain).filter(({ severity }) => severity === "error");
  if (faults.length > 0) throw new ResourceRefused(place, faults);
  const { base, view } = context;
  const { table, compartment } = definitions();
  const patientIds = patientsOf(resource, { table, compartment, base });
  for (const id of patientIds) {
    // One who is not there and one who is not seen are the same.
    const whose = { ...reach.whose, withoutPatients: [], isWithoutPatients: false };
    if (!isUuid(id) || !(context.made?.has(id) || isReached(view, whose, [id])))
      throw new RefusedInput("FIELD_INVALID", {
        at: `${place}.subject.reference`,
        expected: "Patient/{id} of a patient whom you see",
      });
  }
  if (reach.whose.onlyPatients && patientIds.length === 0)
    throw new RefusedInput("FIELD_INVALID", {
      at: place,
      expected: "an Observation about the patient of the application",
    });
  const options = { place, ...(deviceId !== undefined && { deviceId }) };
  const measure = await measureOf(
    context,
    intakeOf(context),
    plain as Readonly<Record<string, unknown>>,
    patientIds,
    options,
  );
  if (measure.parts.length === 0 && patientIds.length > 0) needReadable(reach.whose, patientIds, place);
  const findable = findableOf(resource, table.of(TYPE).values(), { base, toCanonical: toBaseUnits });
  return { resource, patientIds, findable, measure };
}

/** Of whom something is kept back nothing could be read that is no reading: nobody can say to which kind of data it belongs. */
function needReadable({ withoutPatients }: Whose, patientIds: readonly string[], place: string): void {
  if (patientIds.some((id) => withoutPatients.includes(id)))
    throw new RefusedInput("FIELD_INVALID", {
      at: `${place}.subject.reference`,
      expected: "Patient/{id} of a patient whom you see",
    });
}

/** Whoever was taken off the patient writes no more. */
export async function needDevice(
  { view, app, organisation, clock }: RecordContext,
  intake: ObservationIntake,
  measure: Pick<Measure, "isOwnDevice" | "deviceId" | "patientId">,
) {
  const { isOwnDevice, deviceId, patientId } = measure;
  if (!isOwnDevice) return;
  const wearer = intake.wearerAt(deviceId, clock.now());
  if (wearer !== undefined && view.recordsOf(patientId).includes(wearer)) return;
  const display = `${app?.name ?? view.principal.display} (FHIR)`.slice(0, 120);
  await intake.ensureDevice({ organisationId: organisation.id, deviceId, patientId, display, by: view.principal.id });
}

const takingOf = (measure: Measure, remarks: OperationOutcomeIssue[]): Taking => ({
  patientId: measure.parts[0]?.patientId ?? measure.patientId,
  deviceId: measure.deviceId,
  isOwnDevice: measure.isOwnDevice,
  streams: measure.parts.map(({ streamId, patientId }) => ({ id: streamId, patientId })),
  body: measure.body,
  isSettled: true,
  remarks,
});

/** What was left as it was written, told as information: nothing is wrong with it. */
function remarksOf(left: readonly Left[]): OperationOutcomeIssue[] {
  return left.map(({ code, facts }) => {
    const issue = issueOf(code, facts, "information");
    const text = `Kept as it was written; it is no reading. ${issue.details?.text ?? ""}`;
    return { ...issue, code: "informational", details: { ...issue.details, text } };
  });
}

async function measuresSame(context: RecordContext, content: string, { parts }: Measure): Promise<boolean> {
  const resource = plainFhir(parseResource(content)) as Readonly<Record<string, unknown>>;
  const ids = parts.slice(0, 1).map(({ patientId }) => patientId);
  try {
    const other = await measureOf(context, intakeOf(context), resource, ids, { place: TYPE });
    return parts.every((part) =>
      other.parts.some(
        ({ signal, from, value }) => signal === part.signal && from === part.from && value === part.value,
      ),
    );
  } catch (error) {
    if (error instanceof RefusedInput) return true;
    throw error;
  }
}

/** @param before the version that it follows on, which may be a deleted one */
export async function planUpdate(
  context: RecordContext,
  before: StoredResource,
  body: unknown,
  { place, method }: { readonly place: string; readonly method: "PUT" | "PATCH" },
): Promise<ObservationPlan> {
  const intake = intakeOf(context);
  const { id, version } = before;
  const old = await placesOf(context, id);
  needOwn(context, old);
  const reach = observationReach(context, "u");
  const good = await check(context, reach, body, place, old[0]?.deviceId);
  const { resource, patientIds, findable, measure } = good;
  const content = printFhir(contentOf(resource));
  const remarks = remarksOf(measure.left);
  if (content === before.content) return { kind: "there", done: doneOf(before, 200, remarks) };
  const status = before.content === null ? 201 : 200;
  const base = { type: TYPE, id, after: version, method, content, patientIds, findable } as const;
  if (old.length === 0 && measure.parts.length === 0) return { kind: "change", status, change: base, remarks };
  if (measure.parts.length > 0) await needDevice(context, intake, measure);
  const isAt = (part: { streamId: string; from: number; to: number }, place1: MeasuredPlace) =>
    part.streamId === place1.streamId && part.from === place1.from && part.to === place1.to;
  const fresh = measure.parts.filter((part) => !old.some((one) => isAt(part, one)));
  const taking: Taking = {
    ...takingOf(measure, remarks),
    ...(measure.parts.length === 0 && old[0] && { patientId: old[0].patientId, deviceId: old[0].deviceId }),
    body: fresh.length > 0 ? measure.body : undefined,
    isSettled: false,
  };
  const added = fresh.length > 0 ? placesOfParts(await placeParts(context, fresh), measure.deviceId) : [];
  // Which members a panel has is not told by its id.
  const isNoted = added.length > 0 || id.startsWith("p");
  const change: Change = isNoted ? { ...base, places: [...old, ...added] } : base;
  return { kind: "change", status, change: { ...change, taking }, remarks };
}

/** A patient and their family change what they measured themselves, and nothing that a device of the ward did. */
function needOwn({ view, app }: RecordContext, places: readonly MeasuredPlace[]): void {
  const { role } = view.principal;
  if (role !== "patient" && role !== "family") return;
  // What was not measured may be anybody's words, which are not for the family.
  const isOwn =
    (role === "patient" || places.length > 0) &&
    places.every(({ deviceId, patientId }) =>
      view.recordsOf(patientId).some((id) => deviceId === ownDeviceOf({ view, app }, id)),
    );
  if (!isOwn)
    throw new RefusedInput("NOT_PERMITTED", {
      at: "http.url",
      expected: "an Observation that was written in your own name",
    });
}

export async function planDelete(context: RecordContext, before: StoredResource): Promise<ObservationPlan> {
  if (before.content === null) return { kind: "there", done: doneOf(before, 204, []) };
  const { id, version: after, patientIds } = before;
  const places = await placesOf(context, id);
  needOwn(context, places);
  const change: ObservationChange = {
    ...{ type: TYPE, id, after, method: "DELETE", content: null, patientIds, findable: NOTHING },
    ...(places[0] && {
      taking: {
        patientId: places[0].patientId,
        deviceId: places[0].deviceId,
        isOwnDevice: false,
        streams: [],
        body: undefined,
        isSettled: false,
        remarks: [],
      },
    }),
  };
  return { kind: "change", status: 204, change, remarks: [] };
}

/** What is kept of a resource that says what it said, with other names in it. */
export function keptOf(
  { base }: RecordContext,
  resource: Resource,
): Pick<Change, "content" | "patientIds" | "findable"> {
  const { table, compartment } = definitions();
  return {
    content: printFhir(contentOf(resource)),
    patientIds: patientsOf(resource, { table, compartment, base }),
    findable: findableOf(resource, table.of(TYPE).values(), { base, toCanonical: toBaseUnits }),
  };
}
