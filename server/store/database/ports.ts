import type { Pool } from "pg";

/**
 * PostgreSQL, embedded or the operator's. The pools connect under roles that own nothing:
 * `api` (row-level security forced), `ingest` (insert only), `worker` (journal, blocks, projections).
 */
export interface Database {
  readonly api: Pool;
  readonly ingest: Pool;
  readonly worker: Pool;
  /** Only migrations and first start. */
  readonly owner: Pool;
  /** For clients of their own (the group commit has one): how to connect under a role. */
  connectionConfig(role: "api" | "ingest" | "worker"): import("pg").ClientConfig;
  close(): Promise<void>;
}

/** A structured logger, as pino's: facts first, then a constant sentence. */
export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}
