import type { Patient } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Pool } from "pg";
import type { RegistryChange } from "./ports.ts";
import type { Api, Transaction } from "./transaction.ts";

/** The house changed who somebody is. */
export interface PatientChange {
  readonly before: Patient;
  readonly after: Patient;
  readonly by: string;
  readonly at: number;
  /** A record that was merged into this one just now. */
  readonly replaces?: string;
}

/** In the transaction of the change: what was written of them says the same from then on. */
export type FollowPatient = (tx: Transaction, change: PatientChange) => Promise<void>;

/** What every registry is made of. */
export interface RegistryContext {
  /** Under row-level security: one organisation at a time, and what the asker's grants show of it. */
  readonly api: Api;
  /** For the few questions that span organisations. */
  readonly worker: Pool;
  readonly runtime: Runtime;
  /** Raw input as it was received; undefined when it has expired. */
  readonly openRaw: (entry: { id: string; organisationId: string; raw: Uint8Array }) => Uint8Array | undefined;
  /** Left out where nothing is written by FHIR. */
  readonly followPatient?: FollowPatient | undefined;
  /** Told after the commit; resolves when memory has caught up, so that who wrote reads what was written. */
  changed(change: RegistryChange): Promise<void>;
}
