import { createHash } from "node:crypto";
import { decodeObservation, type FhirObject } from "@openward/codecs/fhir";
import { type RefusalCode, type RefusalFacts, RefusedInput } from "@openward/errors";
import { findSignal, isNumeric } from "@openward/signals";
import { isHidden } from "@openward/signals/categories";
import { checkUnit, toCanonical } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { CATEGORY_SYSTEM, observationKind } from "../resources/observation-kind.ts";
import { isUuid } from "../uuid.ts";
import type { ObservationIntake } from "./ports.ts";

export const EARLIEST = Date.UTC(2000, 0, 1);
export const AHEAD_MS = 5 * 60_000;

/** A value, or samples, of one signal. */
export interface Part {
  readonly signal: string;
  /** As streams have it. */
  readonly unit: string;
  /** On whose record: of those who were merged, the one who wore the device. */
  readonly patientId: string;
  readonly streamId: string;
  /** ms UTC. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** In `unit`; undefined: samples. */
  readonly value: number | undefined;
}

/** What of an Observation goes to telemetry, and what does not, with the reason. */
export interface Measure {
  readonly parts: readonly Part[];
  readonly patientId: string;
  readonly deviceId: string;
  /** In whose name nobody measures but who writes: it is made where it is not there. */
  readonly isOwnDevice: boolean;
  /** For ingest: without what it would not take. */
  readonly body: FhirObject | undefined;
  readonly left: readonly Left[];
}

/** Why something is no reading. */
export interface Left {
  readonly code: RefusalCode;
  readonly facts: RefusalFacts;
}

export interface MeasureOptions {
  /** "Observation", "Bundle.entry[3].resource". */
  readonly place: string;
  /** In whose name it was measured when it was written first; undefined: it is new. */
  readonly deviceId?: string | undefined;
}

/**
 * What an Observation that was found good measures. What cannot be a reading is none, and is told in `left`; what would be a
 * wrong one is refused.
 *
 * @param resource with plain numbers
 * @param patientIds whom it names, the one it is about first
 * @throws RefusedInput UNIT_MISMATCH, VALUE_IMPLAUSIBLE, TIME_IN_FUTURE, NO_ASSOCIATION, NOT_PERMITTED, FIELD_INVALID; `at` is a FHIRPath
 */
export async function measureOf(
  context: RecordContext,
  intake: ObservationIntake,
  resource: FhirObject,
  patientIds: readonly string[],
  { place, deviceId: before }: MeasureOptions,
): Promise<Measure> {
  const nothing = (left: readonly Left[]): Measure => ({
    parts: [],
    patientId: "",
    deviceId: "",
    isOwnDevice: false,
    body: undefined,
    left,
  });
  const decoded = decodeObservation(resource);
  const left: Left[] = decoded.refused.map(({ code, field, expected }) => leftOf(code, `${place}.${field}`, expected));
  const given = measuredIn(decoded);
  if (given.length === 0) return nothing(left);
  const patientId = subjectOf(context, resource);
  if (patientId === undefined || patientIds[0] !== patientId)
    return nothing([leftOf("FIELD_INVALID", `${place}.subject`, "a patient, for what is to be a reading")]);
  const good = given.flatMap((one) => {
    const fault = faultOf(context, one, resource, place);
    if (fault) left.push(fault);
    return fault ? [] : [{ ...one, unit: needRight(context, one, patientId, place) }];
  });
  // Half of a panel is told by nobody's device.
  if (good.length < given.length) return nothing(left);
  const named = await deviceOf(context, resource, patientId, place, before);
  if ("code" in named) return nothing([...left, named]);
  const { deviceId, isOwnDevice } = named;
  const records = context.view.recordsOf(patientId);
  const parts = good.map(({ signal, unit, from, to, value }): Part => {
    const wearers = [intake.wearerAt(deviceId, from), intake.wearerAt(deviceId, to - 1)];
    const isTheirs = wearers.every((one) => (one === undefined ? isOwnDevice : records.includes(one)));
    if (!isTheirs)
      throw new RefusedInput("NO_ASSOCIATION", {
        at: `${place}.device`,
        expected: "a device that was on the subject then",
      });
    const whose = wearers[0] ?? patientId;
    const kind = value === undefined ? "waveform" : "numeric";
    const { organisation } = context;
    const stream = { organisationId: organisation.id, deviceId, patientId: whose, signal, unit, kind } as const;
    return { signal, unit, patientId: whose, streamId: intake.streamIdOf(stream), from, to, value };
  });
  const body = decoded.refused.length === 0 ? resource : readable(resource, left, place);
  return { parts, patientId, deviceId, isOwnDevice, body, left };
}

const leftOf = (code: RefusalCode, at: string, expected?: string): Left => ({
  code,
  facts: { at, ...(expected !== undefined && { expected }) },
});

/** Only a literal reference to a patient of this server says whose reading it is. */
function subjectOf({ view, base, made }: RecordContext, { subject }: FhirObject): string | undefined {
  const reference = (subject as { reference?: unknown } | undefined)?.reference;
  const text = typeof reference === "string" ? reference.replace(`${base}/`, "") : "";
  const id = /^Patient\/([^/]+)$/.exec(text)?.[1] ?? "";
  return isUuid(id) && (made?.has(id) || view.has(id)) ? id : undefined;
}

interface Given {
  readonly signal: string;
  readonly unit: string | null;
  readonly from: number;
  readonly to: number;
  readonly value: number | undefined;
}

function measuredIn({ readings, waveforms }: ReturnType<typeof decodeObservation>): Given[] {
  return [
    ...readings.flatMap(({ signal, unit, times, values }) =>
      Array.from(values, (value, i) => {
        const from = times[i] as number;
        return { signal, unit, from, to: from + 1, value };
      }),
    ),
    ...waveforms.map(({ signal, unit, start, rateHz, samples }) => {
      const from = Math.floor(start);
      const to = Math.max(from + 1, Math.ceil(start + (samples.length * 1000) / rateHz));
      return { signal, unit, from, to, value: undefined };
    }),
  ];
}

/** Why this is no reading, although it may be right. */
function faultOf({ clock }: RecordContext, one: Given, resource: FhirObject, place: string): Left | undefined {
  const { signal: key, unit, from, value } = one;
  const signal = findSignal(key);
  const isRight = signal && (value === undefined ? signal.kind === "waveform" : isNumeric(signal));
  if (!isRight) return leftOf("SIGNAL_KIND", `${place}.code`, "a code of what its value is");
  const given = checkUnit(signal, unit);
  if (!given.ok && given.code === "UNIT_UNKNOWN") return leftOf(given.code, `${place}.value`, given.expected);
  if (from < EARLIEST) return leftOf("TIME_IMPOSSIBLE", `${place}.effective`, "2000-01-01 or later");
  if (from > clock.now() + AHEAD_MS)
    throw new RefusedInput("TIME_IN_FUTURE", { at: `${place}.effective`, expected: "not ahead of now" });
  // Somebody was asked; nobody measured.
  const isAsked = categoriesIn(resource).includes("survey");
  const isSurvey = observationKind({ signal: key, unit: unit ?? "" }).category?.some(({ coding }) =>
    coding?.some(({ code }) => code === "survey"),
  );
  if (isAsked && !isSurvey) return leftOf("NOT_SUPPORTED", `${place}.category`, "something that was measured");
  return undefined;
}

function categoriesIn({ category }: FhirObject): unknown[] {
  const all = Array.isArray(category) ? category : [];
  return all.flatMap((one: unknown) => {
    const { coding } = (one ?? {}) as { coding?: unknown };
    const codings: readonly { system?: unknown; code?: unknown }[] = Array.isArray(coding) ? coding : [];
    return codings.filter(({ system }) => system === CATEGORY_SYSTEM).map(({ code }) => code);
  });
}

/** @returns the unit as streams have it @throws RefusedInput where it would be a wrong reading */
function needRight(
  { view }: RecordContext,
  { signal: key, unit, value }: Given,
  patientId: string,
  place: string,
): string {
  const signal = findSignal(key);
  // What is kept from who writes they could not read back.
  if (!signal || isHidden(view, patientId, key))
    throw new RefusedInput("FIELD_INVALID", {
      at: `${place}.subject.reference`,
      expected: "Patient/{id} of a patient whom you see",
    });
  const given = checkUnit(signal, unit);
  if (!given.ok) throw new RefusedInput(given.code, { at: `${place}.value`, expected: given.expected });
  if (value === undefined) return given.unit;
  const canonical = toCanonical(value, given.conversion);
  const { hardMin = Number.NEGATIVE_INFINITY, hardMax = Number.POSITIVE_INFINITY } = signal;
  if (canonical < hardMin || canonical > hardMax)
    throw new RefusedInput("VALUE_IMPLAUSIBLE", {
      at: `${place}.value`,
      expected: `${signal.hardMin ?? "any"} to ${signal.hardMax ?? "any"} ${signal.ucum ?? ""}`.trim(),
    });
  return given.unit;
}

/** The device in whose name a writer measures who names none. */
export const ownDeviceOf = ({ view, app }: Pick<RecordContext, "view" | "app">, patientId: string): string => {
  const writer = `${app?.clientId ?? view.principal.id} ${patientId}`;
  return `fhir-${createHash("sha256").update(writer).digest("hex").slice(0, 24)}`;
};

/** A device of the house may be named by a program of the house; all others write as themselves. */
async function deviceOf(
  context: RecordContext,
  { device }: FhirObject,
  patientId: string,
  place: string,
  before: string | undefined,
): Promise<{ readonly deviceId: string; readonly isOwnDevice: boolean } | Left> {
  const { view, base } = context;
  const at = `${place}.device.reference`;
  const reference = (device as { reference?: unknown } | null | undefined)?.reference;
  const local = typeof reference === "string" ? reference.replace(`${base}/`, "") : "";
  const [, type, id] = /^(Device|DeviceMetric)\/([^/]+)$/.exec(local) ?? [];
  // What it was measured by is told in words, or in somebody else's numbers: the writer tells it.
  if (type === undefined || id === undefined) {
    const own = ownDeviceOf(context, patientId);
    return before === undefined || before === own
      ? { deviceId: own, isOwnDevice: true }
      : { deviceId: before, isOwnDevice: false };
  }
  const found = await knownDevice(context, type, id);
  if (found === undefined)
    return leftOf("FIELD_INVALID", at, "a device of this organisation, for what is to be a reading");
  const isOwn = found === ownDeviceOf(context, patientId);
  if (view.principal.role !== "integration" && found !== before && !isOwn)
    throw new RefusedInput("NOT_PERMITTED", { at, expected: "no device: it is written in your own name" });
  return { deviceId: found, isOwnDevice: isOwn };
}

const lookedUp = new WeakMap<RecordContext, Map<string, Promise<string | undefined>>>();

/** The same device stands in most entries of a Bundle. */
function knownDevice(context: RecordContext, type: string, id: string): Promise<string | undefined> {
  const known = lookedUp.get(context) ?? new Map<string, Promise<string | undefined>>();
  lookedUp.set(context, known);
  const name = `${type}/${id}`;
  const looked = known.get(name) ?? findDevice(context, type, id);
  known.set(name, looked);
  return looked;
}

async function findDevice({ view, devices, telemetry }: RecordContext, type: string, id: string) {
  if (type === "DeviceMetric") {
    const summary = isUuid(id) ? await telemetry.stream(view, id) : undefined;
    return summary?.stream.deviceId;
  }
  const one = await devices.find(view.principal, id);
  const found = one ?? (await devices.list(view.principal)).find(({ device: { id: own } }) => fhirDeviceId(own) === id);
  return found && found.device.revokedAt === null ? found.device.id : undefined;
}

/** Ingest would put what it does not take into quarantine: it is here already, as it was written. */
function readable(resource: FhirObject, left: readonly Left[], place: string): FhirObject {
  const { component } = resource;
  if (!Array.isArray(component)) return resource;
  const isLeft = (i: number) => left.some(({ facts }) => facts.at?.startsWith(`${place}.component[${i}]`));
  return { ...resource, component: component.filter((_, i) => !isLeft(i)) };
}
