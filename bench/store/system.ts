import type { EcgPiece, EcgWorkload } from "./ecg.ts";
import type { Batch, Workload } from "./workload.ts";

/** A store under the same workload as all the others. */
export interface StoreSystem {
  readonly name: string;
  /** Has an acknowledged batch been flushed to the disk? Of each peer's manual, or seen with strace; see peers/. */
  readonly isDurable: boolean;
  /** undefined: it is here; else what is missing. */
  missing(): string | undefined;
  /** Started empty, in a folder of its own. */
  open(folder: string, workload: Workload): Promise<OpenStore>;
}

/** A batch in the store's own form, made before the clock runs. */
export interface Prepared {
  /** @param connection number of the connection that sends it; resolves with the store's acknowledgement */
  send(connection: number): Promise<void>;
}

export interface OpenStore {
  /** Batches in flight at once, each on a connection of its own. */
  readonly connections: number;
  prepare(batch: Batch): Prepared;
  /** Flush, seal, merge: all that the store does in its own time before its size is taken and questions are asked. */
  settle(): Promise<void>;
  /** Readings that can be read back. */
  count(): Promise<number>;
  bytes(): Promise<number>;
  readonly queries: StoreQueries;
  /** Said below the table. */
  readonly note?: string;
  /** left out: it has no use for waveforms */
  readonly ecg?: EcgStore;
  close(): Promise<void>;
}

/** Each resolves with how many values the answer held, decoded at the client. */
export interface StoreQueries {
  /** Newest value of each signal of one patient. */
  latest(patient: number): Promise<number>;
  /** One signal of the whole span, reading by reading. */
  raw(patient: number, vital: number): Promise<number>;
  /** All signals in 60 buckets: least, greatest and mean; answers with the number of buckets. */
  trend(patient: number): Promise<number>;
  /** Newest value of each signal of every patient. */
  ward(): Promise<number>;
}

export interface EcgStore {
  begin(workload: EcgWorkload): Promise<void>;
  prepare(piece: EcgPiece): Prepared;
  settle(): Promise<void>;
  /** Samples that can be read back. */
  count(): Promise<number>;
  bytes(): Promise<number>;
}

export const BUCKETS = 60;
