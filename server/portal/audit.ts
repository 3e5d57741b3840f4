import type { Handlers } from "./call.ts";
import type { AuditLog } from "./ports.ts";

/** The audit log: in plain words for a patient's page, as it is for those whose work it is to look at it. */
export function auditHandlers({ audit }: { audit: AuditLog }): Pick<Handlers, "audit" | "accessHistory"> {
  return {
    async accessHistory({ signedIn, params, query, view }) {
      const patientIds = (await view()).recordsOf(params.id);
      const records = await audit.search(signedIn.principal, { ...query, patientIds });
      return records.map((record) => ({
        id: record.id,
        at: record.at,
        words: audit.inWords(record),
        by: record.who.display,
        role: record.who.role,
        entity: record.entity,
        purpose: record.purpose ?? null,
        outcome: record.outcome,
      }));
    },

    async audit({ signedIn, query }) {
      const { patient, agent, action, entity, ...rest } = query;
      const records = await audit.search(signedIn.organisation.id, {
        ...rest,
        patientIds: patient === undefined ? undefined : [patient],
        agentId: agent,
        actions: action && [action],
        entities: entity === undefined ? undefined : [entity],
      });
      return records.map((record) => ({
        id: record.id,
        at: record.at,
        who: record.who,
        onBehalfOf: record.onBehalfOf ?? null,
        action: record.action,
        code: record.code,
        patients: [...record.patients],
        entity: record.entity,
        entityId: record.entityId ?? null,
        via: record.via,
        purpose: record.purpose ?? null,
        basis: record.basis ?? null,
        outcome: record.outcome,
        refusal: record.refusal ?? null,
        address: record.address ?? null,
      }));
    },
  };
}
