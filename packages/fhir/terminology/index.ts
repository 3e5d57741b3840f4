export { ancestorsOf, type CodeSystem, type Concept, codeSystems } from "./code-systems.ts";
export { type ConceptMap, conceptMaps } from "./concept-maps.ts";
export {
  type Coded,
  codeSystemOf,
  conceptMapOf,
  displayOf,
  type ExpandOptions,
  type Expansion,
  expand,
  type Found,
  lookup,
  type Match,
  type Subsumption,
  subsumes,
  type TranslateOptions,
  translate,
  type Verdict,
  validateInSet,
  validateInSystem,
  valueSetOf,
} from "./questions.ts";
export { codeSystemResource, conceptMapResource, valueSetResource } from "./resources.ts";
export { type Member, membersOf, type ValueSet, valueSets } from "./value-sets.ts";
