import type { Handlers } from "./call.ts";
import { createLooked } from "./looked.ts";
import type { AuditLog, Grants } from "./ports/index.ts";

/** The audit log: in plain words for a patient's page, as it is for those whose work it is to look at it. */
export function auditHandlers(deps: {
  audit: AuditLog;
  access: { readonly grants: Pick<Grants, "list"> };
}): Pick<Handlers, "audit" | "accessHistory"> {
  const { audit } = deps;
  const looked = createLooked({ audit, grants: deps.access.grants });
  return {
    async accessHistory({ signedIn, params, query, view }) {
      const merged = (await view()).recordsOf(params.id).filter((id) => id !== params.id);
      return looked(signedIn.principal, [params.id, ...merged], query);
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
        through: record.through ?? null,
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
