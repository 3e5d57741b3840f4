import type { BulkOwner } from "./bulk.ts";

/** What is to be brought in, as it was asked for. */
export interface ImportRequest {
  /** As it was asked, for the answer. */
  readonly url: string;
  /** Absolute, without a slash at the end. */
  readonly base: string;
  /** Whose resources they are: within one source a type and an id are one resource, however often they come. */
  readonly source: string;
  readonly inputs: readonly { readonly type: string; readonly url: string }[];
}

/** How far one of its files is. */
export interface ImportFile {
  readonly type: string;
  readonly state: "waiting" | "fetching" | "fetched" | "failed";
  /** What the server of the file calls this state of it; "": nothing. */
  readonly tag: string;
  /** Lines that were fetched, empty ones too. */
  readonly lines: number;
  /** Unpacked. */
  readonly bytes: number;
  readonly pieces: number;
  readonly storedBytes: number;
  readonly created: number;
  readonly updated: number;
  /** As it stood here already. */
  readonly unchanged: number;
  readonly refused: number;
}

/** Where the writing goes on. */
export interface ImportCursor {
  /** 1: every line; later ones: those that waited for what they name. */
  readonly round: number;
  /** Place in the order in which files are written. */
  readonly at: number;
  readonly piece: number;
  /** Lines of the piece that are done. */
  readonly line: number;
  /** So many waited when the round began. */
  readonly waiting: number;
  /** Nothing waits any longer: what it names and is not there stays as it was written. */
  readonly isLast: boolean;
}

export interface ImportJob {
  readonly id: string;
  readonly owner: BulkOwner;
  readonly request: ImportRequest;
  readonly state: "running" | "done" | "failed";
  /** Code of packages/errors, of one that failed. */
  readonly refusal: string | null;
  readonly begunAt: number;
  readonly expiresAt: number;
  /** null: files are being fetched. */
  readonly cursor: ImportCursor | null;
  readonly files: readonly ImportFile[];
}

/** Whole lines of a file, each with its newline; of a line that was too long nothing else. */
export interface ImportPiece {
  /** 1: the first of the file. */
  readonly firstLine: number;
  readonly lines: number;
  readonly text: Uint8Array;
}

/** What a type and an id of a source are called here. */
export interface ImportName {
  readonly type: string;
  /** As the source has it. */
  readonly theirs: string;
  /** Of an Observation that is not made: which it will have unless its reading has another. */
  readonly id: string;
  /** It has been written. */
  readonly isMade: boolean;
}

/** Of a line that was not written: why, as an OperationOutcome; null: it waits for what it names. */
export interface ImportLine {
  readonly line: number;
  readonly outcome: string | null;
}

/** What a batch of lines came to. */
export interface ImportStep {
  readonly cursor: ImportCursor;
  readonly files: readonly ImportFile[];
  /** Which of the request's files it was. */
  readonly file: number;
  readonly lines: readonly ImportLine[];
  /** Lines that wait no longer. */
  readonly settled: readonly number[];
  readonly made: readonly {
    readonly type: string;
    readonly theirs: string;
    readonly id: string;
    readonly about: string | null;
  }[];
}

/** Imports, the lines that they fetched, and the names of what they wrote. */
export interface ImportStore {
  begin(job: Pick<ImportJob, "id" | "owner" | "request" | "begunAt" | "expiresAt" | "files">): Promise<void>;
  /** Those that were not finished when the server stopped. */
  running(): Promise<readonly ImportJob[]>;
  find(id: string): Promise<ImportJob | undefined>;
  countRunning(owner: BulkOwner): Promise<number>;
  /** Begins a file anew: what was fetched of it is dropped. @returns false: the job is gone */
  restart(job: ImportJob, file: number, now: ImportFile): Promise<boolean>;
  /**
   * Puts a piece behind what was fetched of a file, with the names of what is in it: durable when it resolves.
   *
   * @param names new ones get the id that is proposed here, known ones keep theirs
   * @returns what the job has now; undefined: it is gone
   */
  add(
    job: ImportJob,
    file: number,
    piece: ImportPiece,
    more: {
      readonly names: readonly Omit<ImportName, "isMade">[];
      readonly lines: readonly ImportLine[];
      /** Bytes of the file that it stands for, unpacked. */
      readonly bytes: number;
    },
  ): Promise<ImportJob | undefined>;
  /** What becomes of a file as a whole, and why. @returns undefined: the job is gone */
  note(job: ImportJob, file: number, now: ImportFile, lines?: readonly ImportLine[]): Promise<ImportJob | undefined>;
  piece(job: ImportJob, file: number, number: number): Promise<ImportPiece>;
  /** Whatever is known of these ids of a source, of every type. */
  names(organisationId: string, source: string, theirs: readonly string[]): Promise<readonly ImportName[]>;
  /** Durable when it resolves. @returns what the job has now; undefined: it is gone */
  step(job: ImportJob, step: ImportStep): Promise<ImportJob | undefined>;
  /** Which lines of a file wait, from `from` to `to`, both inclusive. */
  waiting(jobId: string, file: number, from: number, to: number): Promise<readonly number[]>;
  countWaiting(jobId: string): Promise<number>;
  /** Outcomes of lines of a file behind this one, in order. */
  outcomes(
    jobId: string,
    file: number,
    after: number,
    limit: number,
  ): Promise<readonly { line: number; outcome: string }[]>;
  countOutcomes(jobId: string): Promise<readonly { file: number; count: number }[]>;
  /** What was fetched is dropped. */
  end(id: string, state: "done" | "failed", refusal: string | null, expiresAt: number): Promise<void>;
  remove(id: string): Promise<void>;
  /** Those that are past their time. @returns how many */
  removeExpired(now: number): Promise<number>;
}
