import type { AuditRecord, Who } from "./record.ts";

/** What lets somebody see a patient: purpose and basis of a grant, or of a right. */
export interface Because {
  readonly purpose: string;
  readonly basis: string;
}

/** Our purposes in the words of HL7 (v3 ActReason), which FHIR's AuditEvent has. */
const PURPOSES: Readonly<Record<string, string>> = {
  care: "TREAT",
  monitoring: "TREAT",
  technical: "HOPERAT",
  integration: "HOPERAT",
  research: "HRESCH",
  family: "FAMRQT",
  emergency: "BTG",
};
/** A right over oneself, or over whom one decides for, was asked for by the patient. */
const BY_RIGHT = new Set(["self", "guardian", "subject-right"]);

/** What a record says of why: the purpose where it is one for all who were seen, and every basis that let them be seen. */
export function reasonOf(
  patients: readonly string[],
  becauseOf: (patientId: string) => Because | undefined,
): Pick<AuditRecord, "purpose" | "basis"> & { readonly guardianOf?: string } {
  const found = patients.flatMap((id) => becauseOf(id) ?? []);
  if (found.length === 0) return {};
  const purposes = new Set(found.map(codeOf));
  const bases = [...new Set(found.map(({ basis }) => basis))].sort();
  const [only] = patients;
  return {
    purpose: purposes.size === 1 && found.length === patients.length ? [...purposes][0] : undefined,
    basis: bases.join(" "),
    ...(patients.length === 1 && only !== undefined && bases[0] === "guardian" ? { guardianOf: only } : {}),
  };
}

const codeOf = ({ purpose, basis }: Because): string =>
  BY_RIGHT.has(basis) ? "PATRQT" : (PURPOSES[purpose] ?? purpose);

/** A patient is named by nobody's words but the reader's. */
export const patientWho = (id: string): Who => ({ kind: "patient", id, display: "", role: null });
