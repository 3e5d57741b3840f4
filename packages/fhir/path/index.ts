export { choiceOf, type Definition, elementOf, fits } from "./element.ts";
export { type Model, r4 } from "./model.ts";
export { type Evaluation, type FhirNode, type FhirPath, fhirPath, type PathOptions } from "./path.ts";
