import { createHash } from "node:crypto";
import { type Decoded, decodeRaw } from "@openward/codecs/raw";
import { RefusedInput } from "@openward/errors";
import { findSignal, isNumeric } from "@openward/signals";
import { isHidden } from "@openward/signals/categories";
import { checkUnit, toCanonical } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { isUuid } from "../uuid.ts";
import type { ObservationIntake } from "./ports.ts";

export const FORMAT = "fhir/observation";
const EARLIEST = Date.UTC(2000, 0, 1);
const AHEAD_MS = 5 * 60_000;

/** One Observation that somebody wants to write, looked at and found good. */
export interface Checked {
  /** Where it stands: "Observation", "Bundle.entry[3].resource". */
  readonly place: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly patientId: string;
  readonly deviceId: string;
  /** In whose name nobody measures but who writes: it is made where it is not there. */
  readonly isOwnDevice: boolean;
  readonly decoded: Decoded;
  /** SHA-256 of each identifier that it carries. */
  readonly names: readonly Uint8Array[];
}

/** Roles that write in their own name, by an application. */
const WRITERS = new Set(["nurse", "physician", "integration", "patient", "family"]);

/** @throws RefusedInput NOT_PERMITTED */
export function needWriter({ view, app }: RecordContext): void {
  const { role, kind } = view.principal;
  // A cookie comes along with whatever page asks.
  if (app ? WRITERS.has(role) : kind === "token" && role === "integration") return;
  throw new RefusedInput("NOT_PERMITTED", {
    at: "http.Authorization",
    expected: "an application with Observation.c, or an integration's token",
  });
}

/**
 * Everything that could keep it out later is looked at now, so that of a transaction all is taken or nothing.
 *
 * @throws RefusedInput whose `at` is a FHIRPath
 */
export async function checkObservation(
  context: RecordContext,
  intake: ObservationIntake,
  resource: unknown,
  place: string,
): Promise<Checked> {
  if (typeof resource !== "object" || resource === null || Array.isArray(resource))
    throw new RefusedInput("BODY_SHAPE", { at: place, expected: "an Observation" });
  const given = resource as Readonly<Record<string, unknown>>;
  const patientId = patientIn(context, given, place);
  const decoded = decode(given, place);
  const measured = measuredIn(decoded);
  if (measured.length === 0)
    throw new RefusedInput("BODY_SHAPE", { at: `${place}.value`, expected: "something that was measured" });
  for (const one of measured) checkMeasured(context, one, patientId, place);
  const { deviceId, isOwnDevice } = await deviceIn(context, given, patientId, place);
  for (const { at } of measured) {
    const wearer = intake.wearerAt(deviceId, at);
    const isTheirs = wearer !== undefined && context.view.recordsOf(patientId).includes(wearer);
    if (!isTheirs && !(isOwnDevice && wearer === undefined))
      throw new RefusedInput("NO_ASSOCIATION", {
        at: `${place}.device`,
        expected: "a device that was on the subject then",
      });
  }
  return { place, resource: given, patientId, deviceId, isOwnDevice, decoded, names: namesIn(context, given) };
}

/** A patient who is not seen and none at all are the same. */
function patientIn(
  { view, base }: RecordContext,
  { subject }: Readonly<Record<string, unknown>>,
  place: string,
): string {
  const at = `${place}.subject.reference`;
  const reference = (subject as { reference?: unknown } | undefined)?.reference;
  const text = typeof reference === "string" ? reference.replace(`${base}/`, "") : "";
  const id = /^Patient\/(.+)$/.exec(text)?.[1] ?? "";
  if (!isUuid(id) || !view.has(id))
    throw new RefusedInput("FIELD_INVALID", { at, expected: "Patient/{id} of a patient whom you see" });
  return id;
}

function decode(resource: Readonly<Record<string, unknown>>, place: string): Decoded {
  const context = { item: 0, at: 0, atQuality: 0, utcOffsetMinutes: null, timeZone: null, session: {} };
  const decoded = decodeRaw(new TextEncoder().encode(JSON.stringify(resource)), FORMAT, context);
  const [first] = decoded.refused;
  if (first) {
    const { code, field, expected } = first;
    throw new RefusedInput(code, { at: `${place}.${field}`, ...(expected && { expected }) });
  }
  return decoded;
}

export interface Measured {
  readonly signal: string;
  readonly unit: string | null;
  readonly at: number;
  /** undefined: samples. */
  readonly value: number | undefined;
}

export function measuredIn({ readings, waveforms }: Decoded): Measured[] {
  return [
    ...readings.flatMap(({ signal, unit, times, values }) =>
      Array.from(values, (value, i) => ({ signal, unit, at: times[i] as number, value })),
    ),
    ...waveforms.flatMap(({ signal, unit, start, rateHz, samples }) =>
      [start, start + ((samples.length - 1) * 1000) / rateHz].map((at) => ({ signal, unit, at, value: undefined })),
    ),
  ];
}

/** What ingest would keep out, told by its place. */
function checkMeasured(
  { clock, view }: RecordContext,
  { signal: key, unit, at, value }: Measured,
  patientId: string,
  place: string,
): void {
  const signal = findSignal(key);
  const isRight = signal && (value === undefined ? signal.kind === "waveform" : isNumeric(signal));
  if (!signal || !isRight)
    throw new RefusedInput("SIGNAL_KIND", { at: `${place}.code`, expected: "a code of what its value is" });
  // What is kept from who writes they could not read back.
  if (isHidden(view, patientId, key))
    throw new RefusedInput("FIELD_INVALID", {
      at: `${place}.subject.reference`,
      expected: "Patient/{id} of a patient whom you see",
    });
  const given = checkUnit(signal, unit);
  if (!given.ok) throw new RefusedInput(given.code, { at: `${place}.value`, expected: given.expected });
  const effective = `${place}.effective`;
  if (at > clock.now() + AHEAD_MS)
    throw new RefusedInput("TIME_IN_FUTURE", { at: effective, expected: "not ahead of now" });
  if (at < EARLIEST) throw new RefusedInput("TIME_IMPOSSIBLE", { at: effective, expected: "2000-01-01 or later" });
  if (value === undefined) return;
  const canonical = toCanonical(value, given.conversion);
  const { hardMin = Number.NEGATIVE_INFINITY, hardMax = Number.POSITIVE_INFINITY } = signal;
  if (canonical < hardMin || canonical > hardMax)
    throw new RefusedInput("VALUE_IMPLAUSIBLE", {
      at: `${place}.value`,
      expected: `${signal.hardMin ?? "any"} to ${signal.hardMax ?? "any"} ${signal.ucum ?? ""}`.trim(),
    });
}

/** A device of the house may be named by a program of the house; all others write as themselves. */
async function deviceIn(
  { view, app, devices, base }: RecordContext,
  { device }: Readonly<Record<string, unknown>>,
  patientId: string,
  place: string,
): Promise<{ readonly deviceId: string; readonly isOwnDevice: boolean }> {
  const at = `${place}.device.reference`;
  if (device === undefined) {
    const writer = `${app?.clientId ?? view.principal.id} ${patientId}`;
    return { deviceId: `fhir-${createHash("sha256").update(writer).digest("hex").slice(0, 24)}`, isOwnDevice: true };
  }
  if (view.principal.role !== "integration")
    throw new RefusedInput("NOT_PERMITTED", { at, expected: "no device: it is written in your own name" });
  const reference = (device as { reference?: unknown } | null)?.reference;
  const id = typeof reference === "string" ? /^Device\/(.+)$/.exec(reference.replace(`${base}/`, ""))?.[1] : undefined;
  const all = id === undefined ? [] : await devices.list(view.principal);
  const found = all.find(({ device: one }) => fhirDeviceId(one.id) === id);
  if (!found || found.device.revokedAt !== null)
    throw new RefusedInput("FIELD_INVALID", { at, expected: "Device/{id} of a device of this organisation" });
  return { deviceId: found.device.id, isOwnDevice: false };
}

function namesIn({ organisation }: RecordContext, { identifier }: Readonly<Record<string, unknown>>): Uint8Array[] {
  const all = Array.isArray(identifier) ? identifier : [];
  return all.flatMap((one: unknown) => {
    const { system, value } = (one ?? {}) as { system?: unknown; value?: unknown };
    return typeof system === "string" && typeof value === "string" ? [nameOf(organisation.id, system, value)] : [];
  });
}

export const nameOf = (organisationId: string, system: string, value: string): Uint8Array =>
  createHash("sha256")
    .update(JSON.stringify([organisationId, system, value]))
    .digest();
