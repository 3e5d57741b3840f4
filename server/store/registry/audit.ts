import type { By } from "./ports.ts";
import type { Transaction } from "./transaction.ts";

/** What was done; `detail` says what changed, by field names and internal ids, without values that identify a person. */
export interface AuditEntry {
  readonly organisationId: string;
  readonly at: number;
  readonly by: By;
  readonly action: string;
  readonly patientId?: string | null;
  readonly deviceId?: string | null;
  readonly detail?: object;
}

/** Written in the transaction of the change: there is not one without the other. */
export async function audit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx.run(
    "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, device_id, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [
      entry.organisationId,
      entry.at,
      entry.by,
      entry.action,
      entry.patientId ?? null,
      entry.deviceId ?? null,
      entry.detail ?? {},
    ],
  );
}
