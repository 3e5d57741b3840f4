/** What became of lines that were sent. */
export type Outcome =
  | { readonly kind: "taken"; readonly quarantined: number }
  /** Nobody knows whether it has them, or it wants them later: the same lines again. */
  | { readonly kind: "trouble"; readonly reason: string; readonly afterMs?: number }
  /** Nothing was kept, and the same lines would be refused again. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  /** It does not know the gateway by what it shows. */
  | { readonly kind: "denied"; readonly reason: string };

/** The line to the server. Never rejects. */
export interface Uplink {
  /** @param lines NDJSON of `POST /ingest` */
  send(lines: Buffer): Promise<Outcome>;
}
