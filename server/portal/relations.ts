import type { FactBody, RelationBody } from "@openward/api";
import { type PatientFact, type PatientRelation, standingOf } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Relations } from "./ports/index.ts";

type RelationRoutes = "relations" | "relate" | "endRelation" | "stateFact" | "endFact";

/** Who stands beside a patient, and what changes what they may do. */
export function relationHandlers(deps: {
  relations: Relations;
  names: Names;
  clock: Clock;
}): Pick<Handlers, RelationRoutes> {
  const { relations, names, clock } = deps;

  async function bodies(some: readonly PatientRelation[], facts: readonly PatientFact[]): Promise<RelationBody[]> {
    await names.learn(some.map(({ personId }) => personId));
    return some.map((one) => relationBody(one, names.of(one.personId), facts, clock.now()));
  }

  async function bodyOf(relation: PatientRelation): Promise<RelationBody> {
    const { facts } = await relations.ofPatient(relation.organisationId, relation.patientId);
    const [body] = await bodies([relation], facts);
    if (!body) throw new Error("one relation has one body");
    return body;
  }

  return {
    async relations({ signedIn, params }) {
      const all = await relations.ofPatient(signedIn.principal, params.id);
      return { relations: await bodies(all.relations, all.facts), facts: all.facts.map(factBody) };
    },
    async relate({ signedIn: { organisation, principal }, params, body }) {
      return bodyOf(await relations.relate(organisation.id, params.id, body, principal.id));
    },
    async endRelation({ signedIn: { organisation, principal }, params: { id, relationId } }) {
      return bodyOf(await relations.endRelation(organisation.id, id, relationId, principal.id));
    },
    async stateFact({ signedIn: { organisation, principal }, params, body }) {
      return factBody(await relations.state(organisation.id, params.id, body, principal.id));
    },
    async endFact({ signedIn: { organisation, principal }, params: { id, factId } }) {
      return factBody(await relations.endFact(organisation.id, id, factId, principal.id));
    },
  };
}

function relationBody(one: PatientRelation, person: string, facts: readonly PatientFact[], now: number): RelationBody {
  const { id, patientId, personId, relation, reason, from, to } = one;
  return { id, patientId, personId, person, relation, reason, from, to, ...standingOf(one, facts, now) };
}

function factBody({ id, patientId, fact, reason, from, to }: PatientFact): FactBody {
  return { id, patientId, fact, reason, from, to };
}
