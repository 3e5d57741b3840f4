import type { Subject } from "@openward/codecs/raw";
import type { Work } from "./work.ts";

export const SUBJECT_EXPECTED = "the record number of the patient on whom the device was";

/**
 * Do the bytes name another patient than the one who wore the device then? Then one of the two is wrong, and nobody here
 * knows which. Where nobody wore it, or has no record number, nothing is contradicted.
 *
 * @param times ms UTC; NaN: when it came
 */
export function contradicts(work: Work, subject: Subject | undefined, times: ArrayLike<number>): boolean {
  if (!subject || !work.recordNumbersOf) return false;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    const place = work.placeAt(Number.isNaN(time) ? work.receivedAt : time);
    const numbers = place ? work.recordNumbersOf(place.patientId) : NO_NUMBERS;
    if (numbers.length > 0 && !numbers.some((number) => subject.identifiers.includes(number))) return true;
  }
  return false;
}

const NO_NUMBERS: readonly string[] = [];
