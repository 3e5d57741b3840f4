import type { AuditRecord } from "./record.ts";

/** Where the log is kept. Rejects with OutsideTrouble DATABASE_UNREACHABLE when that is not known to have worked. */
export interface Rows {
  /** @param name the statement is kept under it by its connection: it is read and planned once, and not for every record */
  rows<T extends object>(sql: string, values?: readonly unknown[], name?: string): Promise<T[]>;
}

/** Files on the local disk in which records are durable before the database has them; the journal's spool is one. */
export interface Spool {
  readonly bytes: number;
  /** Take stock of what an earlier process left. */
  open(): Promise<void>;
  /** Resolves when they are on the disk. @throws OutsideTrouble STORE_UNAVAILABLE when they cannot be */
  append(batches: readonly Uint8Array[]): Promise<unknown>;
  /** Begin a new file with the next append; the names of all before, oldest first. */
  rotate(): Promise<string[]>;
  read(name: string): Promise<readonly Uint8Array[]>;
  done(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogger {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * What became of a record when `append` resolves. Neither is lost when the process is killed: "recorded" is followed by its place in
 * the chain within a moment, "spooled" waits for a database that does not answer.
 */
export type Kept = "recorded" | "spooled";

/** What every door hands its records to. */
export interface Recorder {
  /**
   * Resolves when the record is durable, in a commit that it shares with those that came with it.
   *
   * @throws OutsideTrouble AUDIT_UNAVAILABLE when it could be kept nowhere
   */
  append(record: AuditRecord): Promise<Kept>;
}
