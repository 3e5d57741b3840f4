/** A pool or a client, under the role `worker`. */
export interface Queries {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A row that is not as it was written. */
export interface Fault {
  readonly kind: "block" | "overview" | "rollup" | "journal" | "quarantine";
  /** Which row, in internal ids. */
  readonly key: string;
  readonly organisationId: string;
  readonly patientId: string | null;
  readonly reason: string;
}
