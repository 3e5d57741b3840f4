import type { ConsentBody, HiddenKindBody, NewConsentBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Consent, ConsentStatement, Principal } from "@openward/model";
import type { Clock } from "@openward/runtime";
import { findCategory } from "@openward/signals/categories";
import type { Handlers } from "./call.ts";
import { consentWords, hiddenWords } from "./consent-words.ts";
import type { Names } from "./names.ts";
import type { Consents, HiddenKind, People } from "./ports/index.ts";

type ConsentRoutes = "patientConsents" | "writeConsent" | "withdrawConsent" | "explainHidden";

export function consentBodies({ names }: { names: Names }) {
  return async function bodies(consents: readonly Consent[]): Promise<ConsentBody[]> {
    const named = consents.flatMap(({ actors, saidBy }) => [
      saidBy,
      ...actors.map((actor) => (actor.kind === "person" ? actor.id : null)),
    ]);
    await names.learn(named);
    return consents.map(({ organisationId: _, ...consent }) => ({
      ...consent,
      categories: [...consent.categories],
      actors: [...consent.actors],
      saidBy: names.of(consent.saidBy),
      words: consentWords({ organisationId: "", ...consent }, names),
    }));
  };
}

export function statementOf(body: NewConsentBody, now: number): ConsentStatement {
  const { decision, categories, purpose, actors, from, to, isSilent, note } = body;
  return {
    ...{ decision, categories, purpose, actors, isSilent },
    from: from ?? now,
    to: to ?? null,
    note: note || null,
  };
}

/** @throws RefusedInput FIELD_INVALID where somebody would open a record to themselves in a patient's name */
function checkNotForOneself({ id, role }: Principal, { decision, actors }: NewConsentBody): void {
  if (decision === "deny") return;
  actors.forEach((actor, i) => {
    const isOneself = actor.kind === "role" ? actor.role === role : actor.kind !== "everybody" && actor.id === id;
    if (isOneself)
      throw new RefusedInput("FIELD_INVALID", {
        at: `actors[${i}]`,
        expected: "somebody else than who writes it down",
      });
  });
}

/** What patients say, for the ward: what they let it know; and why something is hidden, for who may know. */
export function consentHandlers(deps: {
  consents: Consents;
  people: Pick<People, "find">;
  names: Names;
  clock: Clock;
}): Pick<Handlers, ConsentRoutes> {
  const { consents, people, names, clock } = deps;
  const bodies = consentBodies(deps);
  const one = async (consent: Consent): Promise<ConsentBody> => (await bodies([consent]))[0] as ConsentBody;

  async function kinds(hidden: readonly HiddenKind[], known: readonly Consent[]): Promise<HiddenKindBody[]> {
    await bodies(known);
    const byId = new Map(known.map((consent) => [consent.id, consent]));
    return hidden.map(({ category, consentId }) => {
      const consent = consentId === null ? undefined : byId.get(consentId);
      return {
        category,
        display: findCategory(category)?.display ?? category,
        consentId,
        since: consent ? Math.max(consent.saidAt, consent.from) : null,
        words: hiddenWords(category, consent, names),
      };
    });
  }

  return {
    async patientConsents({ signedIn: { principal }, params, view }) {
      const records = (await view()).recordsOf(params.id);
      const [known, hidden] = await Promise.all([
        consents.ofPatients(principal, records),
        consents.hiddenFrom(principal, params.id),
      ]);
      // What is hidden in silence is not told: not that it is there, and not that it is not.
      const told = hidden.filter(({ category }) => !hidden.some((each) => each.category === category && each.isSilent));
      return { consents: await bodies(known), hidden: await kinds(told, known) };
    },

    async writeConsent({ signedIn: { organisation, principal }, params, body }) {
      const said = { by: principal.id, as: "staff", isConfirmed: body.confirm } as const;
      checkNotForOneself(principal, body);
      return one(await consents.say(organisation.id, params.id, statementOf(body, clock.now()), said));
    },

    async withdrawConsent({ signedIn: { organisation, principal }, params, body, view }) {
      const said = { by: principal.id, as: "staff", isConfirmed: body.confirm } as const;
      const records = (await view()).recordsOf(params.id);
      // One that is kept from who asks is not there for them; what patients said themselves they take back themselves.
      const known = (await consents.ofPatients(principal, records)).find(({ id }) => id === params.consentId);
      if (!known) throw new RefusedInput("NOT_FOUND", { at: "consentId" });
      if (known.saidAs !== "staff")
        throw new RefusedInput("NOT_PERMITTED", { at: "consentId", expected: "the patient, or who decides for them" });
      return one(await consents.withdraw(organisation.id, params.consentId, said));
    },

    async explainHidden({ signedIn: { organisation }, query }) {
      const person = await people.find(query.person);
      if (person?.organisationId !== organisation.id) throw new RefusedInput("NOT_FOUND", { at: "person" });
      const asker = { organisationId: organisation.id, id: person.id };
      const isSeen = await consents.isSeen(asker, query.patient);
      if (!isSeen) return { isSeen, hidden: [] };
      const hidden = await consents.hiddenFrom(asker, query.patient);
      const ids = [...new Set(hidden.flatMap(({ consentId }) => consentId ?? []))];
      const known = await Promise.all(ids.map((id) => consents.find(organisation.id, id)));
      return { isSeen, hidden: await kinds(hidden, known) };
    },
  };
}
