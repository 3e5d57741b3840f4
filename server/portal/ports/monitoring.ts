import type { Principal } from "@openward/model";

/** Whether anybody watches. Watched is who is seen by a person through a running grant for monitoring. */
export interface Monitoring {
  /** Who is admitted and watched by nobody: of those whom the principal may see; to an administrator of all, by number and bed. */
  unwatched(principal: Principal): Promise<Unwatched[]>;
  /** When it began and ended, newest first. */
  ofPatient(principal: Principal, patientId: string): Promise<MonitoringChange[]>;
}

export interface Unwatched {
  readonly patientId: string;
  readonly mrn: string;
  readonly wardId: string;
  readonly wardName: string;
  readonly bed: string;
  readonly since: number;
  /** Kinds of data that by the patient's wish nobody who watches sees; null: nobody watches at all. */
  readonly categories: string[] | null;
}

export interface MonitoringChange {
  readonly at: number;
  readonly isWatched: boolean;
}
