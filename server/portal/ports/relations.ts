import type { Fact, PatientFact, PatientRelation, Relation } from "@openward/model";
import type { Asker } from "./asker.ts";

export interface RelationsAndFacts {
  readonly relations: readonly PatientRelation[];
  readonly facts: readonly PatientFact[];
}

export interface Relations {
  ofPatient(asker: Asker, patientId: string): Promise<RelationsAndFacts>;
  /** With the facts of those patients. */
  ofPerson(organisationId: string, personId: string): Promise<RelationsAndFacts>;
  /** The patient's own, and those that were merged into it. */
  recordsOf(organisationId: string, patientId: string): Promise<string[]>;
  relate(
    organisationId: string,
    patientId: string,
    relation: {
      readonly personId: string;
      readonly relation: Relation;
      readonly reason: string;
      readonly from?: number | undefined;
      readonly to?: number | null | undefined;
    },
    by: string,
  ): Promise<PatientRelation>;
  endRelation(organisationId: string, patientId: string, relationId: string, by: string): Promise<PatientRelation>;
  state(
    organisationId: string,
    patientId: string,
    fact: { readonly fact: Fact; readonly reason: string; readonly from?: number | undefined },
    by: string,
  ): Promise<PatientFact>;
  endFact(organisationId: string, patientId: string, factId: string, by: string): Promise<PatientFact>;
}
