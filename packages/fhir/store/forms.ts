/** Observations that are kept as a form and what is filled in (packages/fhir/form). */

import type { Findable } from "./conditions.ts";
import type { ResourceAsker } from "./resources.ts";

/** What Observations of one kind, writer and patient have in common. */
export interface ObservationForm {
  readonly patientId: string;
  readonly streamId: string;
  readonly deviceId: string;
  /** In whose name it is filled in. */
  readonly writer: string;
  /** As it was written, with signs where the blanks are. */
  readonly content: string;
  /** By what each of them is found, without when and how much. */
  readonly findable: Pick<Findable, "terms" | "strings" | "words">;
  /** Under which keys how much is found: as it is written, and in base units. */
  readonly amountKeys: readonly string[];
  readonly baseKeys: readonly string[];
}

/** One that is to be kept. */
export interface Filling {
  /** Number of the form. */
  readonly form: number;
  /** That of the reading's own Observation. */
  readonly id: string;
  /** FHIR's text of both. */
  readonly effective: string;
  readonly value: string;
  /** ms UTC, inclusive. */
  readonly at: number;
  readonly atEnd: number;
  readonly amount: number;
  readonly baseAmount: number | undefined;
}

/** What was filled in and may not be in telemetry yet. */
export interface UntakenFilling {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly id: string;
  /** Its text. */
  readonly content: string;
  readonly isSuperseded: boolean;
  /** ms UTC. */
  readonly at: number;
}

/** Kept, under which time; undefined: something is there already under this id, or is on the way there. */
export type Kept = { readonly updatedAt: number } | undefined;

export interface ObservationForms {
  /** Number of a form: the one that is there, or a new one. @throws RefusedInput NOT_PERMITTED, NOT_FOUND */
  open(asker: ResourceAsker, form: ObservationForm): Promise<number>;
  /**
   * Keeps all that can be kept; whoever comes at the same moment shares a transaction.
   *
   * @returns for each, in order; and what to call when they have come to telemetry
   * @throws OutsideTrouble DATABASE_UNREACHABLE: whether they are kept is not known
   */
  fill(asker: ResourceAsker, fillings: readonly Filling[]): Promise<{ readonly kept: readonly Kept[]; taken(): void }>;
  /** What was kept up to a time, ms UTC, and has not come to telemetry as far as is known; oldest first. */
  untaken(before: number): Promise<readonly UntakenFilling[]>;
  /** All that was kept up to then has come there. */
  caughtUp(before: number): void;
}
