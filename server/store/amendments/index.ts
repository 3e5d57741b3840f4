export { openAmendments } from "./amendments.ts";
export type { AmendedTelemetry, Amendments, Author } from "./ports.ts";
export { givenAway } from "./rows.ts";
