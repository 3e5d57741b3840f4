import type { Condition, Findable, SortKey } from "./conditions.ts";
import type { Beside, MeasuredPlace } from "./measured.ts";

/** In whose name it looks: their grants decide which patients there are. */
export interface ResourceAsker {
  readonly organisationId: string;
  readonly id: string;
  /** The house itself: it sees every patient. */
  readonly isHouse?: boolean;
}

/** One version of a resource. */
export interface StoredResource {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** ms UTC. */
  readonly updatedAt: number;
  /** As it was written, decimals to the digit; null: it was deleted with this version. */
  readonly content: string | null;
  /** About whom it is and whom it names, the one it is about first; empty: no patient. */
  readonly patientIds: readonly string[];
}

export interface StoredVersion extends StoredResource {
  readonly method: Method;
  /** Order of all changes. */
  readonly change: number;
}

export type Method = "POST" | "PUT" | "PATCH" | "DELETE";

/** Who somebody is, as the house's own registry has it. */
export interface PatientFacts {
  readonly name: string;
  readonly birthDate: string | null;
  readonly sex: "male" | "female" | "other" | "unknown";
  readonly isUnknown: boolean;
  /** IANA; null: the organisation's own. */
  readonly timeZone: string | null;
}

/** What becomes of a patient in the registry, in the transaction in which the resource is written. */
export type PatientAct =
  | {
      readonly kind: "create";
      readonly patient: PatientFacts;
      /** Record numbers, the best first: the first that nobody else has. */
      readonly numbers: readonly string[];
      /** By what else they are found when this is their number. */
      termsOf(number: string): readonly string[];
    }
  | { readonly kind: "change"; readonly change: Partial<PatientFacts> & { readonly mrn?: string } }
  /** Leaves the lists; refused where there is anything in the chart. */
  | { readonly kind: "withdraw" }
  | { readonly kind: "restore"; readonly change: Partial<PatientFacts> & { readonly mrn?: string } };

/** How it stood before the first version that was written of it: that is version 1. */
export interface StoodBefore {
  readonly content: string;
  readonly updatedAt: number;
  /** Left out: 1. */
  readonly version?: number;
}

export interface Change {
  readonly type: string;
  readonly id: string;
  /** What it follows on; 0: it is new. */
  readonly after: number;
  readonly method: Method;
  /** null: it is deleted. */
  readonly content: string | null;
  readonly patientIds: readonly string[];
  readonly findable: Findable;
  /** Of a Patient. */
  readonly patient?: PatientAct;
  /** With `after` 0: it was there, made by the house. */
  readonly stoodBefore?: StoodBefore;
  /** Where it stands in telemetry from now on, where its id does not say so; left out: where it stood. */
  readonly places?: readonly MeasuredPlace[];
}

export interface ResourceQuery {
  readonly type: string;
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  readonly limit: number;
  /** `place` of the last one before. */
  readonly after?: readonly (string | number)[];
  readonly whose: Whose;
  /** Of Observations only those of which telemetry has nothing. */
  readonly withoutReadings?: boolean;
}

/** Of whose resources is told, within what the asker's grants show; what is about nobody always is. */
export interface Whose {
  /** Of no patient's. */
  readonly isWithoutPatients: boolean;
  /** Of nobody's but these; undefined: of all. */
  readonly onlyPatients: readonly string[] | undefined;
  /** Of none of these. */
  readonly withoutPatients: readonly string[];
}

export interface FoundResource extends StoredResource {
  /** Where it stands in the order, for the next page. */
  readonly place: readonly (string | number)[];
}

export interface HistoryQuery {
  /** Left out: of all. */
  readonly type?: string;
  readonly id?: string;
  /** Changes from then on, ms UTC. */
  readonly since?: number;
  /** Changes before this one. */
  readonly before?: number;
  /** Of none of these types. */
  readonly withoutTypes?: readonly string[];
  readonly limit: number;
  readonly whose: Whose;
}

/** Everything of some types, in the order of type and id. */
export interface ListQuery {
  /** Left out: of every type. */
  readonly types?: readonly string[];
  /** About any of these, whoever else is named; left out: about whomever, and about nobody. */
  readonly patientIds?: readonly string[];
  /** Changed from then on, ms UTC. */
  readonly since?: number;
  /** Behind this one. */
  readonly after?: { readonly type: string; readonly id: string };
  readonly limit: number;
  readonly whose: Whose;
}

/** Resources as others wrote them, behind the asker's grants. */
export interface Resources {
  /** Deleted ones too; undefined: there never was one that the asker sees. */
  read(asker: ResourceAsker, type: string, id: string): Promise<StoredResource | undefined>;
  version(asker: ResourceAsker, type: string, id: string, version: number): Promise<StoredVersion | undefined>;
  /** What stands now; what was deleted is left out. */
  list(asker: ResourceAsker, query: ListQuery): Promise<readonly StoredResource[]>;
  /** Types of which anything was ever written in an organisation, whoever may see it. */
  types(organisationId: string): Promise<readonly string[]>;
  /** Newest first. */
  history(asker: ResourceAsker, query: HistoryQuery): Promise<readonly StoredVersion[]>;
  /** Which of a type there are: of those that are named, or of all. */
  ids(
    asker: ResourceAsker,
    query: { readonly type: string; readonly whose: Whose; readonly among?: readonly string[] },
  ): Promise<readonly string[]>;
  search(asker: ResourceAsker, query: ResourceQuery): Promise<readonly FoundResource[]>;
  /** Stops counting at `atMost`. */
  count(
    asker: ResourceAsker,
    query: Pick<ResourceQuery, "type" | "conditions" | "whose">,
    atMost: number,
  ): Promise<number>;
  /**
   * All of them or none, in one transaction.
   *
   * @param beside kept with them
   * @throws RefusedInput CONFLICT where one is not at the version that its change follows on; NOT_FOUND where a patient is
   *   not there for the asker
   */
  write(
    asker: ResourceAsker,
    changes: readonly Change[],
    by: string,
    beside?: Beside,
  ): Promise<readonly StoredResource[]>;
}
