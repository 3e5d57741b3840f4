import type { Stream } from "@openward/model";
import { QUALITY } from "@openward/model";
import { findSignal } from "@openward/signals";
import type { SchemaElement } from "hyparquet";

const column = (name: string, type: NonNullable<SchemaElement["type"]>, rest: Partial<SchemaElement> = {}) =>
  ({ name, type, repetition_type: "REQUIRED", ...rest }) as SchemaElement;

export const text = (name: string) => column(name, "BYTE_ARRAY", { converted_type: "UTF8" });
export const optionalText = (name: string) =>
  column(name, "BYTE_ARRAY", { converted_type: "UTF8", repetition_type: "OPTIONAL" });
export const float64 = (name: string) => column(name, "DOUBLE");
export const int32 = (name: string, isOptional = false) =>
  column(name, "INT32", isOptional ? { repetition_type: "OPTIONAL" } : {});
/** Milliseconds, UTC: what readers show as a time with its zone. */
export const timestamp = (name: string) =>
  column(name, "INT64", {
    converted_type: "TIMESTAMP_MILLIS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
  });

/** What every row says of its stream. */
export const ORIGIN = [
  text("patient"),
  text("device"),
  text("signal"),
  optionalText("mdc"),
  int32("mdc_code", true),
  optionalText("loinc"),
  text("unit"),
];

/** Who a patient or device is in the files. */
export interface Naming {
  patient(id: string): string;
  device(id: string): string;
}

export function originOf(stream: Stream, naming: Naming) {
  const { mdc, loinc } = findSignal(stream.signal) ?? {};
  return {
    patient: naming.patient(stream.patientId),
    device: naming.device(stream.deviceId),
    signal: stream.signal,
    mdc: mdc?.refId ?? null,
    mdc_code: mdc?.code ?? null,
    loinc: loinc?.[0]?.code ?? null,
    unit: stream.unit,
  };
}

/** "good", or the names of the bits that are set: "conflicting+claimed". */
export function qualityText(bits: number): string {
  const names = Object.entries(QUALITY).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name]));
  return names.length === 0 ? "good" : names.join("+");
}

/** The same value in every row. */
export function repeated<T>(origin: Readonly<Record<string, T>>, rows: number): Record<string, T[]> {
  return Object.fromEntries(Object.entries(origin).map(([name, value]) => [name, new Array<T>(rows).fill(value as T)]));
}
