import { OutsideTrouble } from "@openward/errors";
import type { BulkOwner, Principal } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { type Because, reasonOf } from "./because.ts";
import type { Recorder } from "./ports.ts";
import { whoOf } from "./seen.ts";

/** Notes down of whom lines of an export are made, before they are kept; what cannot be noted is not made. */
export function recordExports(deps: {
  readonly recorder: Recorder;
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  readonly becauseOf: (principal: Pick<Principal, "id">, patientId: string) => Because | undefined;
}) {
  const { recorder, runtime, becauseOf } = deps;
  return async (
    { principal, organisation, app }: BulkOwner,
    jobId: string,
    patientIds: readonly string[],
    types: readonly string[],
  ): Promise<void> => {
    const { purpose, basis } = reasonOf(patientIds, (id) => becauseOf(principal, id));
    const kept = await recorder.append({
      id: runtime.ids.uuid(),
      at: runtime.clock.now(),
      organisationId: organisation.id,
      who: app ? { kind: "application", id: app.clientId, display: app.name, role: null } : whoOf(principal),
      onBehalfOf: app && principal.kind === "person" ? whoOf(principal) : undefined,
      action: "R",
      code: "fhir.export",
      patients: [...patientIds],
      entity: types.length === 1 ? (types[0] ?? "Bundle") : "Bundle",
      entityId: jobId,
      via: "bulk export",
      parameters: [...types],
      purpose,
      basis,
      outcome: "allowed",
    });
    if (kept !== "recorded") throw new OutsideTrouble("AUDIT_UNAVAILABLE", true);
  };
}
