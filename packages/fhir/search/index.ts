export { type CompartmentDefinition, patientsOf, referencesIn } from "./compartment.ts";
export { compartmentTypes, parametersIn, typesIn } from "./compartments.ts";
export { type ConditionOptions, conditionOf, rangeOf, updatedTest } from "./conditions-of.ts";
export {
  conjunctsOf,
  FILTER_OPERATORS,
  type Filter,
  type FilterOperator,
  type FilterTest,
  namesIn,
  parseFilter,
} from "./filter.ts";
export { filterCondition, OPERATORS_OF, ownFilterCondition, withSystem } from "./filter-test.ts";
export { findableOf } from "./findable.ts";
export {
  type Asked,
  type Chain,
  type Has,
  type Plain,
  parseKey,
  printable,
  splitUnescaped,
  unescapeValue,
} from "./key.ts";
export { asksFor, type Candidate, codeOf, comparePlaces, matches, placeOf } from "./matches.ts";
export {
  type Component,
  createSearchTable,
  type Definition,
  type Parameter,
  type ParameterType,
  type SearchTable,
} from "./parameters.ts";
export type { Found } from "./path.ts";
export {
  canonicalUnit,
  folded,
  type Index,
  type IndexOptions,
  indexOf,
  presentTerm,
  splitAt,
  type ToCanonical,
  tokenTerms,
  UCUM,
  wantedTerms,
} from "./terms.ts";
export { type Span, spanOfDate, targetsOf } from "./values.ts";
