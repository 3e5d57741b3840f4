export { FhirDecimal, isDecimal, numberOf, sameNumber, textOfNumber } from "./decimal.ts";
export { type Fhir, type FhirObject, isObject, type Resource } from "./fhir.ts";
export { type ParseBounds, parseFhir, parseResource } from "./parse.ts";
export { printFhir } from "./print.ts";
export { copyFhir, equalFhir, mapDecimals, plainFhir } from "./tree.ts";
