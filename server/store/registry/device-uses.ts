import { ASSOCIATION_COLUMNS, type AssociationRow, toAssociation } from "./associations.ts";
import type { RegistryContext } from "./context.ts";
import type { DeviceUses } from "./ports.ts";
import { inOrganisation, isUuid } from "./transaction.ts";

/** Who wore what, and when; of patients whom the asker sees. */
export function createDeviceUses({ api }: Pick<RegistryContext, "api">): DeviceUses {
  return {
    async ofPatients(asker, patientIds) {
      const rows = await inOrganisation(api, asker, (tx) =>
        tx.rows<AssociationRow>(
          `SELECT ${ASSOCIATION_COLUMNS} FROM association WHERE patient_id = ANY ($1::uuid[]) ORDER BY id`,
          [patientIds.filter(isUuid)],
        ),
      );
      return rows.map(toAssociation);
    },

    async use(asker, id) {
      if (!isUuid(id)) return undefined;
      const [row] = await inOrganisation(api, asker, (tx) =>
        tx.rows<AssociationRow>(`SELECT ${ASSOCIATION_COLUMNS} FROM association WHERE id = $1`, [id]),
      );
      return row && toAssociation(row);
    },
  };
}
