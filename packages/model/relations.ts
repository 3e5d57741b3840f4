import type { Role } from "./people.ts";
import type { Millis } from "./telemetry.ts";

export const RELATIONS = ["self", "family", "guardian"] as const;
/** What a person is to a patient: the patient, family or a carer, or who decides for them by law. */
export type Relation = (typeof RELATIONS)[number];

export interface PatientRelation {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly personId: string;
  readonly relation: Relation;
  /** On what it rests: "parent of a minor", "court order 12/2026", "invited by the patient". */
  readonly reason: string;
  readonly from: Millis;
  /** Exclusive; null: until somebody ends it. */
  readonly to: Millis | null;
}

export const FACTS = ["incapacity", "deceased"] as const;
export type Fact = (typeof FACTS)[number];

/** Something about a patient that changes who may see and decide. */
export interface PatientFact {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly fact: Fact;
  readonly reason: string;
  readonly from: Millis;
  /** Exclusive; null: it is so. A death that was recorded in error ends as well. */
  readonly to: Millis | null;
}

/** The role that a person needs for a relation: who works on the ward is there as somebody else. */
export const roleFor = (relation: Relation): Role => (relation === "self" ? "patient" : "family");

export interface Standing {
  readonly maySee: boolean;
  /** Gives and withdraws consent, invites and sends away. */
  readonly mayDecide: boolean;
  /** What stands against it. */
  readonly because: "ended" | Fact | null;
}

/**
 * What a relation allows at a moment. A death ends what rested on the patient or on the guardianship; under incapacity
 * the patient still sees what is theirs, and the guardian decides.
 */
export function standingOf(
  relation: Pick<PatientRelation, "relation" | "from" | "to">,
  facts: readonly Pick<PatientFact, "fact" | "from" | "to">[],
  at: Millis,
): Standing {
  if (!runs(relation, at)) return { maySee: false, mayDecide: false, because: "ended" };
  const holds = (fact: Fact) => facts.some((one) => one.fact === fact && runs(one, at));
  if (holds("deceased")) return { maySee: false, mayDecide: false, because: "deceased" };
  switch (relation.relation) {
    case "self": {
      const isUnable = holds("incapacity");
      return { maySee: true, mayDecide: !isUnable, because: isUnable ? "incapacity" : null };
    }
    case "guardian":
      return { maySee: true, mayDecide: true, because: null };
    case "family":
      return { maySee: true, mayDecide: false, because: null };
  }
}

const runs = ({ from, to }: { readonly from: Millis; readonly to: Millis | null }, at: Millis): boolean =>
  from <= at && (to === null || at < to);
