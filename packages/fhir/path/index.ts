export { type Model, r4 } from "./model.ts";
export { type Evaluation, type FhirNode, type FhirPath, fhirPath } from "./path.ts";
