import type { AppAccess } from "./app.ts";
import type { Organisation, Principal } from "./people.ts";

/** In whose name an export is made, and looked at. */
export interface BulkOwner {
  readonly principal: Principal;
  readonly organisation: Organisation;
  readonly app?: AppAccess | undefined;
}

/** What was asked for. */
export interface BulkRequest {
  /** As it was asked, for the manifest. */
  readonly url: string;
  /** Absolute, without a slash at the end. */
  readonly base: string;
  readonly level: "system" | "patient" | "group";
  /** Of these patients only; undefined: of all who are seen. */
  readonly patientIds?: readonly string[] | undefined;
  /** In this order. */
  readonly types: readonly string[];
  readonly since?: number | undefined;
  readonly elements?: string | undefined;
  /** Searches that narrow a type, any of them: "code=8867-4". */
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

/** Where the making of an export goes on. */
export interface BulkCursor {
  readonly type: string;
  /** "": not patient by patient. */
  readonly patientId: string;
  readonly part: string;
  /** Behind this, within the part; undefined: the part is done. */
  readonly after: readonly (string | number)[] | undefined;
}

/** Lines of one patient, or of nobody. */
export interface BulkPiece {
  readonly type: string;
  /** About whom, the one it is about first. */
  readonly patientIds: readonly string[];
  readonly signal: string | null;
  readonly isWritten: boolean;
  readonly lines: number;
  /** Each line ends with its newline. */
  readonly text: string;
  readonly cursor: BulkCursor;
}

export interface BulkFile {
  readonly type: string;
  readonly pieces: number;
  readonly lines: number;
  readonly bytes: number;
}

export interface BulkJob {
  readonly id: string;
  readonly owner: BulkOwner;
  readonly request: BulkRequest;
  readonly state: "running" | "done" | "failed";
  readonly transactionTime: number;
  readonly expiresAt: number;
  readonly cursor: BulkCursor | null;
  readonly files: readonly BulkFile[];
}

export interface StoredPiece {
  readonly file: number;
  readonly number: number;
  readonly patientIds: readonly string[];
  readonly signal: string | null;
  readonly isWritten: boolean;
  readonly lines: number;
  readonly plainBytes: number;
}

/** Exports and their files, which lie encrypted under the keys of whom they tell. */
export interface BulkStore {
  begin(job: Omit<BulkJob, "state" | "cursor" | "files">): Promise<void>;
  /** Those that were not finished when the server stopped. */
  running(): Promise<readonly BulkJob[]>;
  find(id: string): Promise<BulkJob | undefined>;
  countRunning(owner: BulkOwner): Promise<number>;
  /**
   * Puts pieces behind what the job has, durable when it resolves: all of them and the place behind them, or nothing.
   *
   * @returns what the job has now; undefined: it is gone
   */
  add(job: BulkJob, pieces: readonly BulkPiece[]): Promise<BulkJob | undefined>;
  end(id: string, state: "done" | "failed"): Promise<void>;
  /** With everything that was made. */
  remove(id: string): Promise<void>;
  /** Those that are past their time. @returns how many */
  removeExpired(now: number): Promise<number>;
  /** Pieces in order, as far as grants show whom they tell of. @param file undefined: of all */
  pieces(owner: BulkOwner, id: string, file: number | undefined): Promise<readonly StoredPiece[]>;
  /** The lines of one piece. @throws RefusedInput KEY_DESTROYED */
  read(id: string, piece: StoredPiece): Promise<Buffer>;
}
