export { createOutbox } from "./outbox.ts";
export type { Outbox } from "./ports.ts";
export { postgresOutboxRows } from "./rows.ts";
