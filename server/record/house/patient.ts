import type { Condition, SpanTest } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import type { PatientsNarrowed } from "../ports.ts";
import { mapPatient } from "../resources/patient.ts";
import { isUuid } from "../uuid.ts";
import { idsIn, valuesIn } from "./asked.ts";
import type { HouseAsked, HouseKind } from "./house.ts";

export const housePatients: HouseKind = {
  documentation:
    "Patients whom the asker may see: those of the registry, as they were written where they were. One that is deleted leaves the lists; one with anything in the chart is not deleted (409).",
  async list(context, asked) {
    const { view, organisation } = context;
    const records = await recordsOf(context, asked);
    return records.flatMap((record) =>
      record && view.has(record.patient.id)
        ? [mapPatient(record.patient, organisation, view.recordsOf(record.patient.id).slice(1))]
        : [],
    );
  },
  isPaged,
};

async function recordsOf({ view, patients }: RecordContext, asked: HouseAsked) {
  const { principal } = view;
  const { conditions, limit } = asked;
  const ids = idsIn(conditions);
  if (ids) return Promise.all(ids.filter((id) => view.has(id)).map((id) => patients.find(principal, id)));
  if (!isPaged(asked)) return patients.list(principal, { all: true, narrowed: narrowedBy(conditions) });
  const found: Awaited<ReturnType<typeof patients.list>>[number][] = [];
  let after = asked.after?.[0] as string | undefined; // isPaged has looked at it
  for (;;) {
    const narrowed = { limit, ...(after === undefined ? {} : { after }) };
    const page = await patients.list(principal, { all: true, narrowed });
    found.push(...page.filter(({ patient }) => view.has(patient.id)));
    after = page.at(-1)?.patient.id;
    if (page.length < limit || found.length >= limit) return found;
  }
}

/** All of them in the order of their ids, which is that of the database. */
function isPaged({ conditions, sort, after }: Pick<HouseAsked, "conditions" | "sort" | "after">): boolean {
  const [only, ...others] = sort;
  const isById = only?.by === "id" && !only.isDescending && others.length === 0;
  return conditions.length === 0 && isById && (after === undefined || isUuid(String(after[0])));
}

const DAY_MS = 86_400_000;
const NAMES = new Set(["name", "family", "given"]);
const IS_IN_NAME: ReadonlySet<string> = new Set(["begins", "contains", "ends", "exact", "is"]);

/** What the database can leave out at once; whoever is left is held against every condition. */
export function narrowedBy(conditions: readonly Condition[]): PatientsNarrowed {
  const identifiers = valuesIn(conditions, "identifier")?.map((value) => value.slice(value.lastIndexOf("|") + 1));
  const names: (readonly string[])[] = [];
  let [from, to] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const one of conditions) {
    if (one.kind === "strings" && NAMES.has(one.key) && IS_IN_NAME.has(one.how)) names.push(one.values);
    if (one.kind !== "spans" || !one.anyOf.every(({ key, isNot }) => key === "birthdate" && !isNot)) continue;
    from = Math.max(from, Math.min(...one.anyOf.map(leastOf)));
    to = Math.min(to, Math.max(...one.anyOf.map(mostOf)));
  }
  const bornFrom = dateOf(from);
  const bornTo = dateOf(to);
  return {
    // A system alone names nobody, and that there is one ("?") everybody.
    ...(identifiers && !identifiers.includes("") && !identifiers.includes("?")
      ? { mrns: [...new Set(identifiers)] }
      : {}),
    ...(bornFrom === undefined ? {} : { bornFrom }),
    ...(bornTo === undefined ? {} : { bornTo }),
    ...(names.length > 0 ? { names } : {}),
  };
}

/** A day of birth may be any zone's, and ends a day after it begins. */
const leastOf = ({ lowFrom, lowAbove, highFrom, highAbove }: SpanTest): number =>
  Math.max(...[lowFrom, lowAbove, highFrom, highAbove].map((at = -Infinity) => at - 2 * DAY_MS));
const mostOf = ({ lowTo, lowBelow, highTo, highBelow }: SpanTest): number =>
  Math.min(...[lowTo, lowBelow, highTo, highBelow].map((at = Infinity) => at + 2 * DAY_MS));

/** undefined: none that a date can be compared with. */
const dateOf = (at: number): string | undefined =>
  at > Date.UTC(1800) && at < Date.UTC(3000) ? new Date(at).toISOString().slice(0, 10) : undefined;
