import { findSignal, findSignalByMdc, type Signal, signals } from "@openward/signals";
import { isRecord, parseBody } from "../body.ts";
import type { Codec, Decoded, Instant } from "../codec.ts";
import { Gathered } from "../files/gathered.ts";
import { ucumOfMdc } from "../ieee11073/dimensions.ts";
import { malformed } from "../reader.ts";
import { calendarMs, parseOffset, parseTime } from "../time.ts";
import { readSampledData } from "./sampled-data.ts";

const NAME = "fhir/observation";
const LOINC = "http://loinc.org";
const MDC = "urn:iso:std:iso:11073:10101";
const OWN = "urn:openward:signal";
const UCUM = "http://unitsofmeasure.org";
const RESOURCES_MAX = 10_000;
/** Codes under which vital-signs profiles and molar results come, where the vocabulary has a more specific one first. */
const MORE_LOINC: Readonly<Record<string, string>> = {
  "105272-9": "glucose-interstitial",
  "14745-4": "glucose-interstitial",
};
const PANEL = "nibp-panel";
/** What was measured; of anything else no reading is made. */
const MEASURED = new Set(["final", "amended", "corrected", "preliminary"]);
const TAKEN = new Set([
  "resourceType",
  "id",
  "meta",
  "identifier",
  "status",
  "category",
  "code",
  "subject",
  "device",
  "effectiveDateTime",
  "effectiveInstant",
  "effectivePeriod",
  "issued",
  "valueQuantity",
  "valueInteger",
  "valueSampledData",
  "component",
  "dataAbsentReason",
  "text",
]);

export type FhirObject = Readonly<Record<string, unknown>>;

const byLoinc = new Map<string, Signal[]>();
for (const signal of signals)
  for (const { code } of signal.loinc ?? []) byLoinc.set(code, [...(byLoinc.get(code) ?? []), signal]);

/**
 * Observation of FHIR R4, one, several in an array, or those of a Bundle: a quantity, an integer of a scale, components, or
 * SampledData. The signal is what our own code says, else MDC's, else LOINC's. What a resource says in whose name and of whom is
 * for who takes it in.
 *
 * @source HL7 FHIR R4 Observation, Quantity, SampledData, dateTime
 */
const codec: Codec = {
  name: NAME,
  display: "FHIR Observation",
  decode(bytes) {
    const found = new Gathered();
    for (const [item, resource] of resourcesIn(bytes).entries()) readObservation(found, item, resource);
    return found.close();
  },
};

export default codec;

/** What was measured by one resource that has been read already; its numbers are plain ones. */
export function decodeObservation(resource: FhirObject): Decoded {
  const found = new Gathered();
  readObservation(found, 0, resource);
  return found.close();
}

/** @throws RefusedInput MALFORMED_JSON, BODY_TOO_LARGE, MALFORMED_BYTES */
function resourcesIn(bytes: Uint8Array): readonly FhirObject[] {
  const root = parseBody(bytes, "json");
  const entries = isRecord(root) && root.resourceType === "Bundle" ? root.entry : undefined;
  const all = Array.isArray(entries)
    ? entries.map((entry) => (isRecord(entry) ? entry.resource : entry))
    : Array.isArray(root)
      ? root
      : [root];
  if (all.length > RESOURCES_MAX) throw malformed(NAME, "body", 0, `at most ${RESOURCES_MAX} resources`);
  for (const [i, one] of all.entries()) if (!isRecord(one)) throw malformed(NAME, `[${i}]`, 0, "a resource");
  return all as FhirObject[];
}

function readObservation(found: Gathered, item: number, resource: FhirObject): void {
  const { resourceType, status, component } = resource;
  if (resourceType !== "Observation") return void found.refuse(item, "BODY_SHAPE", "resourceType", "Observation");
  // Whoever does not understand these must not go on.
  for (const field of ["modifierExtension", "implicitRules"])
    if (resource[field] !== undefined) return void found.refuse(item, "NOT_SUPPORTED", field, "a resource without it");
  if (typeof status !== "string" || !MEASURED.has(status))
    return void found.refuse(item, "NOT_SUPPORTED", "status", [...MEASURED].join(", "));
  const at = effectiveOf(found, item, resource);
  if (!at) return;
  const signal = signalOf(resource.code, resource.valueSampledData !== undefined);
  if (Array.isArray(component)) {
    if (component.length === 0) return void found.refuse(item, "BODY_SHAPE", "component", "at least one");
    if (hasValue(resource)) return void found.refuse(item, "NOT_SUPPORTED", "component", "a value or components");
    for (const [i, one] of component.entries()) readComponent(found, item, `component[${i}]`, one, at);
  } else if (!signal)
    return void found.refuse(item, "SIGNAL_UNKNOWN", "code", "a code of LOINC, MDC or the vocabulary");
  else if (signal.key === PANEL)
    return void found.refuse(item, "BODY_SHAPE", "component", "systolic and diastolic pressure");
  else readValue(found, item, "", resource, signal, at);
  for (const field of Object.keys(resource)) if (!TAKEN.has(field)) found.ignore(`element ${field.slice(0, 60)}`, 0);
}

function readComponent(found: Gathered, item: number, place: string, component: unknown, at: Instant): void {
  if (!isRecord(component)) return void found.refuse(item, "BODY_SHAPE", place, "an object");
  if (component.modifierExtension !== undefined)
    return void found.refuse(item, "NOT_SUPPORTED", `${place}.modifierExtension`, "a component without it");
  const signal = signalOf(component.code, component.valueSampledData !== undefined);
  if (!signal)
    return void found.refuse(item, "SIGNAL_UNKNOWN", `${place}.code`, "a code of LOINC, MDC or the vocabulary");
  readValue(found, item, `${place}.`, component, signal, at);
}

const hasValue = (resource: FhirObject) => Object.keys(resource).some((name) => name.startsWith("value"));

function readValue(found: Gathered, item: number, place: string, of: FhirObject, signal: Signal, at: Instant): void {
  const { valueQuantity, valueInteger, valueSampledData, dataAbsentReason } = of;
  if (isRecord(valueQuantity)) {
    const { value, comparator } = valueQuantity;
    // "< 40" is no 40.
    if (comparator !== undefined)
      return void found.refuse(item, "NOT_SUPPORTED", `${place}valueQuantity.comparator`, "a value without it");
    if (typeof value !== "number" || !Number.isFinite(value))
      return void found.refuse(item, "VALUE_NOT_A_NUMBER", `${place}valueQuantity.value`, "a decimal number");
    const unit = unitOf(valueQuantity);
    if (unit === null)
      return void found.refuse(item, "UNIT_UNKNOWN", `${place}valueQuantity.code`, "a code of UCUM or MDC");
    return void found.reading(item, signal.key, unit, value, at);
  }
  if (valueInteger !== undefined) {
    if (!Number.isSafeInteger(valueInteger))
      return void found.refuse(item, "VALUE_NOT_A_NUMBER", `${place}valueInteger`, "a whole number");
    return void found.reading(item, signal.key, "", valueInteger as number, at);
  }
  if (isRecord(valueSampledData)) {
    const data = readSampledData(valueSampledData, unitOf);
    if ("at" in data) return void found.refuse(item, data.code, `${place}valueSampledData.${data.at}`, data.expected);
    const { utcOffsetMinutes, quality } = at;
    return void found.waveform({ item, signal: signal.key, start: at.time, utcOffsetMinutes, quality, ...data });
  }
  if (hasValue(of)) {
    const field = Object.keys(of).find((name) => name.startsWith("value")) ?? "value";
    return void found.refuse(
      item,
      "NOT_SUPPORTED",
      `${place}${field}`,
      "valueQuantity, valueInteger or valueSampledData",
    );
  }
  if (dataAbsentReason !== undefined) return void found.ignore(`${signal.key}: absent, with a reason`, 0);
  found.refuse(item, "BODY_SHAPE", `${place}value`, "a value, or why there is none");
}

/** A UCUM code; null: none that is known. Text alone is no unit. */
function unitOf({ system, code }: FhirObject): string | null {
  if (typeof code !== "string" || code === "" || code.length > 64) return null;
  if (system === UCUM) return code;
  return system === MDC ? (ucumOfMdc(code) ?? null) : null;
}

/** Ours says most, LOINC least. @param isSampled it is a waveform's code that is looked for */
function signalOf(code: unknown, isSampled: boolean): Signal | undefined {
  const codings = isRecord(code) && Array.isArray(code.coding) ? code.coding.filter(isRecord).slice(0, 20) : [];
  const of = (wanted: string) =>
    codings.flatMap(({ system, code: text }) => (system === wanted && typeof text === "string" ? [text] : []));
  for (const key of of(OWN)) {
    const signal = findSignal(key);
    if (signal) return signal;
  }
  for (const text of of(MDC)) {
    const signal = findSignalByMdc(Number(text));
    if (signal) return signal;
  }
  const named = of(LOINC).flatMap((text) => byLoinc.get(text) ?? findSignal(MORE_LOINC[text] ?? "") ?? []);
  return named.find(({ kind }) => (kind === "waveform") === isSampled);
}

/** The instant; of a period its end, of samples its beginning. */
function effectiveOf(found: Gathered, item: number, resource: FhirObject): Instant | undefined {
  const { effectiveDateTime, effectiveInstant, effectivePeriod, valueSampledData } = resource;
  const place = valueSampledData === undefined ? "end" : "start";
  const [field, text] = isRecord(effectivePeriod)
    ? [`effectivePeriod.${place}`, effectivePeriod[place]]
    : effectiveInstant === undefined
      ? ["effectiveDateTime", effectiveDateTime]
      : ["effectiveInstant", effectiveInstant];
  const at = typeof text === "string" ? timeIn(text) : undefined;
  if (!at) found.refuse(item, "TIME_MALFORMED", field, "a date and time with seconds and an offset");
  return at;
}

const SHORT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(Z|[+-]\d\d:\d\d)$/;

function timeIn(text: string): Instant | undefined {
  let time = parseTime(text);
  const short = Number.isNaN(time) ? SHORT.exec(text) : null;
  // R4 asks for seconds; some senders leave them out, and a minute is what they say.
  if (short) {
    const field = (i: number) => Number(short[i]);
    const offset = short[6] === "Z" ? 0 : (parseOffset(`${text.slice(0, 16)}:00${short[6]}`) ?? 0);
    time = calendarMs(field(1), field(2), field(3), field(4), field(5), 0, 0, offset);
  }
  const offset = short ? parseOffset(`${text.slice(0, 16)}:00${short[6]}`) : parseOffset(text);
  return Number.isNaN(time) ? undefined : { time, utcOffsetMinutes: offset, quality: 0 };
}
