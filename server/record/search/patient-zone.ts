import type { RecordContext } from "../context.ts";

/** Days are the patient's: only looked up when a date without a zone is searched for. */
export async function timeZonesOf(
  { patients, view }: RecordContext,
  needsTimeZone: boolean,
  patientIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (!needsTimeZone) return new Map();
  const records =
    patientIds.length <= 3
      ? await Promise.all(patientIds.map((id) => patients.find(view.principal, id)))
      : await patients.list(view.principal, { all: true });
  return new Map(records.flatMap((record) => (record ? [[record.patient.id, record.patient.timeZone] as const] : [])));
}
