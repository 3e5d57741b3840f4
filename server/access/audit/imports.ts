import { OutsideTrouble } from "@openward/errors";
import type { BulkOwner, Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { type Because, reasonOf } from "./because.ts";
import type { Recorder } from "./ports.ts";
import { whoOf } from "./seen.ts";

/** What an import wrote, before it goes on: each resource by its name, and whom it is about. */
export function recordImports(deps: {
  readonly recorder: Recorder;
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  readonly becauseOf: (principal: Pick<Principal, "id">, patientId: string) => Because | undefined;
}) {
  const { recorder, runtime, becauseOf } = deps;
  return async (written: {
    readonly owner: BulkOwner;
    readonly jobId: string;
    readonly type: string;
    readonly created: readonly string[];
    readonly updated: readonly string[];
    readonly patientIds: readonly string[];
  }): Promise<void> => {
    const { owner, jobId, type, patientIds } = written;
    const { principal, organisation, app } = owner;
    const { purpose, basis } = reasonOf(patientIds, (id) => becauseOf(principal, id));
    for (const [action, names] of [
      ["C", written.created],
      ["U", written.updated],
    ] as const) {
      if (names.length === 0) continue;
      const kept = await recorder.append({
        id: runtime.ids.uuid(),
        at: runtime.clock.now(),
        organisationId: organisation.id,
        who: app ? { kind: "application", id: app.clientId, display: app.name, role: null } : whoOf(principal),
        action,
        code: "fhir.import",
        patients: [...patientIds],
        entity: type,
        entityId: jobId,
        via: "bulk import",
        parameters: [...names],
        purpose,
        basis,
        outcome: "allowed",
      });
      if (kept !== "recorded") throw new OutsideTrouble("AUDIT_UNAVAILABLE", true);
    }
  };
}
