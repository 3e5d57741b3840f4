import type { ResourceAsker } from "@openward/fhir/store";
import type { Tables } from "../registry/transaction.ts";

/** The same tables, in which the house looks in its own name where an asker says that it is the house. */
export const withHouse = (tables: Tables): Tables => ({
  everywhere: tables.everywhere,
  inOrganisation: (asker, work) => {
    const isHouse = typeof asker !== "string" && (asker as ResourceAsker).isHouse === true;
    return tables.inOrganisation(isHouse ? asker.organisationId : asker, work);
  },
});
