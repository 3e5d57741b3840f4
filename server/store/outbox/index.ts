export { createOutbox } from "./outbox.ts";
export type { Change, Notice, Outbox, Page, Place, Placed } from "./ports.ts";
export { postgresOutboxRows } from "./rows.ts";
