/** Lines for operators: no clinical values, no identifiers but internal ones. */
export interface ArchiveLog {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export type Kind = "numeric" | "waveform";

export interface Range {
  readonly at: number;
  readonly length: number;
}

/** Where archive files lie: a directory or a bucket. Keys are relative paths; an object is written once. */
export interface ObjectStore {
  /** As an operator knows it: "/srv/archive", "s3://bucket/prefix". */
  readonly name: string;
  /** When this resolves the object is durable. Under its key it is there as a whole, or not at all. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * @param range left out: the whole object
   * @throws RefusedInput ARCHIVE_DAMAGED where the object is not there, or shorter; OutsideTrouble ARCHIVE_UNREACHABLE
   *   where it cannot be known
   */
  read(key: string, range?: Range): Promise<Buffer>;
  /** Of what is not there any more as well. @throws OutsideTrouble ARCHIVE_UNREACHABLE */
  remove(key: string): Promise<void>;
  /** Keys of all objects. */
  list(): AsyncIterable<string>;
  close(): void;
}

/** How long things are kept where, in days. */
export interface Retention {
  /** In PostgreSQL, before they move to the archive. */
  readonly hotDays: Readonly<Record<Kind, number>>;
  /** Until they are deleted; 0: for ever. */
  readonly keepDays: Readonly<Record<Kind, number>>;
}

/**
 * off: nothing is moved. failing: it did not answer, or what was written could not be verified; nothing is lost by that.
 * damaged: a file is missing or is not what was written.
 */
export type ArchiveState = "off" | "ok" | "failing" | "damaged";
