import type { Quantity } from "@medplum/fhirtypes";
import type { Signal } from "@openward/signals";
import { checkUnit, toCanonical } from "@openward/signals/units";

export const UCUM = "http://unitsofmeasure.org";

/** The same amount in another unit: HL7's own extension of Quantity. */
export const TRANSLATION = "http://hl7.org/fhir/StructureDefinition/iso21090-PQ-translation";

/** How people write a unit where it differs from the UCUM code. */
const written: Readonly<Record<string, string>> = {
  Cel: "°C",
  "[degF]": "°F",
  "mm[Hg]": "mmHg",
  "cm[H2O]": "cmH2O",
  "[lb_av]": "lb",
  "[in_i]": "in",
  "[iU]": "IU",
};

export function quantity(value: number, unit: string): Quantity {
  return { value, unit: written[unit] ?? unit, system: UCUM, code: unit };
}

/**
 * A value in the unit in which it was received. Where a profile does not accept that unit: in the signal's own unit,
 * with the value as received beside it as a translation.
 *
 * @param accepted UCUM codes of the profile; undefined: any
 */
export function receivedQuantity(
  value: number,
  unit: string,
  signal: Signal | undefined,
  accepted: readonly string[] | undefined,
): Quantity {
  const received = quantity(value, unit);
  if (!signal || !accepted || accepted.includes(unit)) return received;
  const verdict = checkUnit(signal, unit);
  const own = signal.ucum;
  if (!verdict.ok || own === undefined) return received;
  return {
    extension: [{ url: TRANSLATION, valueQuantity: received }],
    ...quantity(toCanonical(value, verdict.conversion), own),
  };
}
