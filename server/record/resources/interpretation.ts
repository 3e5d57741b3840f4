import type { CodeableConcept, ObservationReferenceRange, Quantity } from "@medplum/fhirtypes";
import { checkUnit, fromCanonical, toCanonical } from "@openward/signals/units";
import type { LimitsAt, Reading } from "../ports.ts";
import { observationKind } from "./observation-kind.ts";
import { quantity } from "./quantity.ts";

const INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

export interface Judged {
  readonly interpretation?: CodeableConcept[];
  readonly referenceRange?: ObservationReferenceRange[];
}

const NOTHING: Judged = {};

const displays = { LL: "Critical low", L: "Low", N: "Normal", H: "High", HH: "Critical high" } as const;

/**
 * A value by the limits that somebody had set for this patient when it was measured, and these limits in the unit in which it
 * is shown. Nothing where there were none: what is usual at an age is no judgement of a patient.
 */
export function judgedBy(limitsAt: LimitsAt | undefined, reading: Reading, shown: Quantity | undefined): Judged {
  const { stream, time, value } = reading;
  const limits = shown && Number.isFinite(value) ? limitsAt?.(stream.patientId, stream.signal, time) : undefined;
  const { signal } = observationKind(stream);
  if (!limits || !signal || !shown) return NOTHING;
  const verdict = checkUnit(signal, stream.unit);
  const ofShown = checkUnit(signal, shown.code ?? null);
  if (!verdict.ok || !ofShown.ok) return NOTHING;
  const own = toCanonical(value, verdict.conversion);
  const { low, high, criticalLow, criticalHigh } = limits;
  const code =
    criticalLow !== null && own < criticalLow
      ? "LL"
      : criticalHigh !== null && own > criticalHigh
        ? "HH"
        : low !== null && own < low
          ? "L"
          : high !== null && own > high
            ? "H"
            : "N";
  const bound = (limit: number): Quantity => quantity(fromCanonical(limit, ofShown.conversion), shown.code ?? "");
  const range = {
    ...(low === null ? {} : { low: bound(low) }),
    ...(high === null ? {} : { high: bound(high) }),
  };
  return {
    interpretation: [{ coding: [{ system: INTERPRETATION, code, display: displays[code] }] }],
    ...(low === null && high === null
      ? {}
      : { referenceRange: [{ ...range, text: "Alarm limits of this patient when it was measured" }] }),
  };
}
