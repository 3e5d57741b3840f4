import model from "fhirpath/fhir-context/r4";

/** What R4 says of the path of an element. */
export interface Model {
  /** Type of the element at a path that begins with a type: "Patient.name" is a HumanName, "HumanName.given" a string. */
  typeOf(path: string): string | undefined;
  repeats(path: string): boolean;
  /** Suffixes of an element of several types ("Quantity", "String", ... for Observation.value). */
  choices(path: string): readonly string[] | undefined;
  /** Where the content of an element is defined: Questionnaire.item for Questionnaire.item.item. */
  definedAt(path: string): string;
  /** The type that it is derived from. */
  parentOf(type: string): string | undefined;
}

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** Elements of R4, from the tables that `fhirpath` brings (made from HL7's StructureDefinitions). */
export const r4: Model = {
  typeOf: (path) => own(model.path2Type, path),
  repeats: (path) => own(model.path2Repeating, path) === true,
  choices: (path) => own(model.choiceTypePaths, path),
  definedAt: (path) => own(model.pathsDefinedElsewhere, path) ?? path,
  parentOf: (type) => own(model.type2Parent, type),
};
