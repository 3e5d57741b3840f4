import { RefusedInput } from "@openward/errors";
import type { PatientFact, PatientRelation } from "@openward/model";
import type { Relations } from "../ports/index.ts";

/** As server/store/registry/relations.ts, without its checks. */
export function relationsInMemory(deps: {
  readonly organisationId: string;
  readonly now: () => number;
  readonly id: () => string;
}): Relations {
  const { organisationId, now, id } = deps;
  const relations = new Map<string, PatientRelation>();
  const facts = new Map<string, PatientFact>();
  const keep = <T extends { readonly id: string }>(map: Map<string, T>, one: T): T => {
    map.set(one.id, one);
    return one;
  };
  const need = <T>(map: Map<string, T>, key: string): T => {
    const found = map.get(key);
    if (!found) throw new RefusedInput("NOT_FOUND");
    return found;
  };
  const of = <T extends { readonly patientId: string }>(map: Map<string, T>, patientId: string) =>
    [...map.values()].filter((one) => one.patientId === patientId);

  return {
    ofPatient: async (_, patientId) => ({ relations: of(relations, patientId), facts: of(facts, patientId) }),
    recordsOf: async (_, patientId) => [patientId],
    ofPerson: async (_, personId) => {
      const own = [...relations.values()].filter((one) => one.personId === personId);
      return { relations: own, facts: own.flatMap(({ patientId }) => of(facts, patientId)) };
    },
    relate: async (_, patientId, given) =>
      keep(relations, {
        id: id(),
        organisationId,
        patientId,
        ...given,
        from: given.from ?? now(),
        to: given.to ?? null,
      }),
    endRelation: async (_, _patientId, key) => keep(relations, { ...need(relations, key), to: now() }),
    state: async (_, patientId, given) =>
      keep(facts, { id: id(), organisationId, patientId, ...given, from: given.from ?? now(), to: null }),
    endFact: async (_, _patientId, key) => keep(facts, { ...need(facts, key), to: now() }),
  };
}
