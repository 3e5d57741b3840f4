import type { Transaction } from "./ports.ts";

export interface AuditEntry {
  readonly organisationId: string;
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly patientId?: string | null;
  readonly detail?: object;
}

/** Written in the transaction of the change: there is not one without the other. */
export async function audit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx.run(
    "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    [entry.organisationId, entry.at, entry.by, entry.action, entry.patientId ?? null, entry.detail ?? {}],
  );
}
