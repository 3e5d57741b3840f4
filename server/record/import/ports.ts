import type { BulkOwner } from "@openward/model";

/** An answer whose body is read at the reader's pace. */
export interface Downloaded {
  readonly status: number;
  /** In small letters; "": it does not say. */
  readonly type: string;
  /** What its server calls this state of it; "": nothing. */
  readonly tag: string;
  readonly body: AsyncIterable<Buffer>;
  /** Nothing more is read. */
  close(): void;
}

/** Where files come from: through the guard of what may be asked outside. */
export interface Downloads {
  /** @throws RefusedInput FIELD_INVALID: nothing is asked there */
  check(url: string): void;
  /** @throws what went wrong on the way; RefusedInput FIELD_INVALID */
  open(url: string): Promise<Downloaded>;
}

/** What an import wrote, for the log. */
export interface ImportRecord {
  readonly owner: BulkOwner;
  readonly jobId: string;
  readonly type: string;
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly patientIds: readonly string[];
}
