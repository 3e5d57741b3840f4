export { decodeObservation, type FhirObject } from "./observation.ts";
