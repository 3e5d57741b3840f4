import { audit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import type { ReprocessingRegistry } from "./ports.ts";
import { inOrganisation } from "./transaction.ts";

/** What a second look at input must know of the tables, and leaves in the audit log. */
export function createReprocessingRegistry({ api, runtime }: RegistryContext): ReprocessingRegistry {
  const idsOf = async (organisationId: string, sql: string, values: readonly unknown[]) => {
    const rows = await inOrganisation(api, organisationId, (tx) => tx.rows<{ id: string }>(sql, values));
    return new Set(rows.map(({ id }) => id));
  };

  return {
    knownEvents: (organisationId, deviceId, ids) =>
      idsOf(
        organisationId,
        "SELECT id FROM event WHERE organisation_id = $1 AND device_id = $2 AND id = ANY ($3::text[])",
        [organisationId, deviceId, ids],
      ),
    resolved: (organisationId, ids) =>
      idsOf(
        organisationId,
        "SELECT quarantine_id AS id FROM quarantine_resolution WHERE organisation_id = $1 AND quarantine_id = ANY ($2::uuid[])",
        [organisationId, ids],
      ),
    record: ({ organisationId, by, action, deviceId, patientIds, detail }) =>
      inOrganisation(api, organisationId, async (tx) => {
        const at = runtime.clock.now();
        for (const patientId of patientIds.length > 0 ? patientIds : [null])
          await audit(tx, { organisationId, at, by, action, deviceId, patientId, detail });
      }),
  };
}
