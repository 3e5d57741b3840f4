import type { Resource } from "@medplum/fhirtypes";
import {
  codeSystemResource,
  codeSystems,
  conceptMapResource,
  conceptMaps,
  valueSetResource,
  valueSets,
} from "@openward/fhir/terminology";
import type { HouseKind } from "./house.ts";

export type VocabularyType = "CodeSystem" | "ValueSet" | "ConceptMap";

/** The vocabularies that are shipped: they change with the program only. */
let made: Readonly<Record<VocabularyType, readonly Resource[]>> | undefined;

function resourcesOf(type: VocabularyType): readonly Resource[] {
  made ??= {
    CodeSystem: [...codeSystems.values()].map((one) => codeSystemResource(one) as unknown as Resource),
    ValueSet: [...valueSets.values()].map((one) => valueSetResource(one) as unknown as Resource),
    ConceptMap: [...conceptMaps.values()].map((one) => conceptMapResource(one) as unknown as Resource),
  };
  return made[type];
}

const documentation: Readonly<Record<VocabularyType, string>> = {
  CodeSystem: "Vocabularies that are shipped, as far as they are used here; and those that were written.",
  ValueSet: "Sets of their codes; those that were written too.",
  ConceptMap: "Signals, LOINC, MDC and UCUM in terms of one another; those that were written too.",
};

export const houseVocabulary = (type: VocabularyType): HouseKind => ({
  documentation: documentation[type],
  list: async () => resourcesOf(type),
});

export const findVocabulary = (type: VocabularyType, id: string): Resource | undefined =>
  resourcesOf(type).find((resource) => resource.id === id);
