/** Lines for operators: no clinical values, no identifiers but internal ones. */
export interface BackupLog {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** A file of the archive: never changed once it is there, so a backup names it and does not copy it. */
export interface ArchivedFile {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A client in a transaction. */
export interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Which files of the archive the rows of a snapshot refer to. @param snapshot a client inside the backup's transaction */
export type ListArchive = (snapshot: Queries) => Promise<readonly ArchivedFile[]>;
