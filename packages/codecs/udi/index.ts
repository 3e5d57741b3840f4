/** Unique device identifiers, as labels carry them: `udi.ts` says what comes out, `parse.ts` tells the agencies apart. */
export { dinCheckCharacter, gs1CheckDigit, hibccCheckCharacter } from "./check-characters.ts";
export {
  agencyOfIssuer,
  type FhirUdiCarrier,
  mapUdiCarrier,
  parseUdiCarrier,
  type UdiEntry,
  udiIssuerOf,
} from "./fhir.ts";
export { parseUdi } from "./parse.ts";
export type { Udi, UdiAgency, UdiNote } from "./udi.ts";
