import { RefusedInput } from "@openward/errors";
import { type PatientRelation, type Standing, standingOf } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Authenticated, Relations } from "./ports/index.ts";

/** As what somebody stands beside a patient now, a death or an incapacity taken into account. */
export function createStanding({ relations, clock }: { relations: Pick<Relations, "ofPerson">; clock: Clock }) {
  /** @throws RefusedInput NOT_FOUND for whom one does not stand beside, or not any more */
  return async (signedIn: Authenticated, patientId: string): Promise<{ relation: PatientRelation } & Standing> => {
    const { organisation, principal } = signedIn;
    const { relations: all, facts } =
      principal.kind === "person"
        ? await relations.ofPerson(organisation.id, principal.id)
        : { relations: [], facts: [] };
    const standings = all
      .filter((relation) => relation.patientId === patientId)
      .map((relation) => ({
        relation,
        ...standingOf(
          relation,
          facts.filter((fact) => fact.patientId === patientId),
          clock.now(),
        ),
      }))
      .filter(({ maySee }) => maySee);
    const found = standings.find(({ mayDecide }) => mayDecide) ?? standings[0];
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
    return found;
  };
}
