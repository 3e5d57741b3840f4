import type { Transaction } from "../ports.ts";

/** What lets somebody see a patient, as the audit log says it. */
export interface Because {
  /** Of a grant; a right over oneself is "family". */
  readonly purpose: string;
  /** Of a grant, or "self", "guardian". */
  readonly basis: string;
}

/** By record; null: everybody of the organisation. */
export type Reasons = ReadonlyMap<string | null, Because>;

/** An emergency is what somebody will ask about; oneself comes before all that was given. */
const FIRST = ["break-glass", "self", "guardian", "care-team", "invitation", "consent", "incident", "ward-assignment"];
const rank = ({ basis }: Because) => (FIRST.includes(basis) ? FIRST.indexOf(basis) : FIRST.length);

/** In the transaction that says what the principal sees. */
export async function readReasons(tx: Transaction): Promise<Reasons> {
  const reasons = new Map<string | null, Because>();
  const rows = await tx.rows<Because & { patient: string | null }>(
    "SELECT patient, purpose, basis FROM sight_because()",
  );
  for (const { patient, purpose, basis } of rows) {
    const before = reasons.get(patient);
    if (!before || rank({ purpose, basis }) < rank(before)) reasons.set(patient, { purpose, basis });
  }
  return reasons;
}

/** @param records of one person: the permission may name any of them */
export function becauseOf(reasons: Reasons, records: readonly string[]): Because | undefined {
  const found = records.flatMap((id) => reasons.get(id) ?? []).sort((a, b) => rank(a) - rank(b));
  return found[0] ?? reasons.get(null);
}
