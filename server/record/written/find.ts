import type { Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import {
  asksFor,
  type Candidate,
  codeOf,
  comparePlaces,
  findableOf,
  matches,
  type Parameter,
  placeOf,
} from "@openward/fhir/search";
import type { Condition, ResourceQuery, Resources, SortKey, StoredResource } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { houseKind } from "../house/index.ts";
import { within } from "../reach.ts";
import { definitions } from "./definitions.ts";
import { resourceOf } from "./present.ts";
import { isReached, reachOf, type Whose } from "./reach.ts";

/** One that a search found: as it was written, or made by the house. */
export interface FoundOne {
  readonly id: string;
  /** Where it stands in the order, for the next page. */
  readonly place: readonly (string | number)[];
  /** undefined: the house makes it. */
  readonly stored: StoredResource | undefined;
  resource(): Resource;
}

export interface Sought {
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  readonly after: readonly (string | number)[] | undefined;
}

/** @throws RefusedInput NOT_SUPPORTED where nothing is kept */
export function resourcesOf({ written }: RecordContext): Resources {
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "a type that is made here" });
  return written.resources;
}

/** More are not named one by one. */
const AMONG_MAX = 100;

const BY_ID: SortKey = { by: "id", isDescending: false };

/** What stands behind `_sort`, so that every resource has a place of its own; the store adds its number. */
export function orderOf(type: string, sort: readonly SortKey[]): readonly SortKey[] {
  const kind = houseKind(type);
  if (!kind) return sort;
  const given = sort.length > 0 ? sort : (kind.sort ?? []);
  return given.some(({ by }) => by === "id") ? given : [...given, BY_ID];
}

/**
 * The first of those that are so, in order: what was written and what the house makes, each where it belongs.
 *
 * @throws RefusedInput NOT_PERMITTED where neither is for who asks; SEARCH_TOO_COSTLY
 */
export async function find(
  context: RecordContext,
  type: string,
  { conditions, sort, after }: Sought,
  limit: number,
): Promise<readonly FoundOne[]> {
  const order = orderOf(type, sort);
  const kind = houseKind(type);
  const { whose, refusal } = reached(context, type);
  if (!kind && refusal) throw refusal;
  const query = { type, conditions, sort: order, limit, ...(after && { after }) };
  const written = whose ? await findWritten(context, query, whose) : [];
  if (!kind) return written;
  const made = await findMade(context, { type, conditions, sort: order, after, limit }, refusal);
  return [...written, ...made].sort((a, b) => comparePlaces(a.place, b.place, order)).slice(0, limit);
}

/** Stops counting at `atMost`. */
export async function count(
  context: RecordContext,
  type: string,
  conditions: readonly Condition[],
  atMost: number,
): Promise<number> {
  const { whose, refusal } = reached(context, type);
  const kind = houseKind(type);
  if (!kind && refusal) throw refusal;
  const written = whose
    ? await resourcesOf(context).count(context.view.principal, { type, conditions, whose }, atMost)
    : 0;
  if (!kind) return written;
  const asked = { type, conditions, sort: orderOf(type, []), after: undefined, limit: atMost };
  return Math.min(atMost, written + (await findMade(context, asked, refusal)).length);
}

/** Whose of what was written; or why none of it. */
function reached(context: RecordContext, type: string): { whose?: Whose; refusal?: RefusedInput } {
  if (!context.written && houseKind(type)) return {};
  try {
    return { whose: reachOf(context, type, "s") };
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "NOT_PERMITTED") return { refusal: error };
    throw error;
  }
}

async function findWritten(
  context: RecordContext,
  query: Omit<ResourceQuery, "whose">,
  whose: Whose,
): Promise<FoundOne[]> {
  const found = await resourcesOf(context).search(context.view.principal, { ...query, whose });
  return found
    .filter(({ patientIds }) => isReached(context.view, whose, patientIds))
    .map((stored) => ({
      id: stored.id,
      place: stored.place,
      stored,
      resource: () => resourceOf(stored),
    }));
}

interface Asked extends Sought {
  readonly type: string;
  readonly limit: number;
}

async function findMade(
  context: RecordContext,
  { type, conditions, sort, after, limit }: Asked,
  refusal: RefusedInput | undefined,
): Promise<FoundOne[]> {
  const kind = houseKind(type);
  if (!kind) return [];
  const shown: Typed[] = [];
  try {
    for (let from = after; ; ) {
      const asked = { conditions, sort, after: from, limit };
      const some = await kind.list(within(context, type, "s"), asked);
      shown.push(...(await withoutWritten(context, type, some)));
      const last = some.at(-1)?.id;
      if (!kind.isPaged?.(asked) || some.length < limit || shown.length >= limit || last === undefined) break;
      from = [last, 0];
    }
  } catch (error) {
    // What was written is told all the same; where nothing is, this is why.
    const isClosed = error instanceof RefusedInput && error.code === "NOT_PERMITTED";
    if (isClosed && context.written && !refusal) return [];
    throw error;
  }
  const parameters = [...definitions().table.of(type).values()].filter(({ code }) => isAsked(code, conditions, sort));
  const needsWords = conditions.some(hasWords);
  const found: FoundOne[] = [];
  for (const one of shown) {
    await context.turn();
    const resource = one as unknown as Resource;
    const candidate = candidateOf(context, resource, parameters, needsWords, kind.termsOf?.(one) ?? []);
    if (!conditions.every((condition) => matches(candidate, condition))) continue;
    const place = [...placeOf(candidate, sort), 0];
    if (after && comparePlaces(place, after, sort) <= 0) continue;
    found.push({ id: candidate.id, place, stored: undefined, resource: () => resource });
  }
  return found.sort((a, b) => comparePlaces(a.place, b.place, sort));
}

/** A patient who was written is found as written, by who may read that; everybody else finds what the house says. */
async function withoutWritten(context: RecordContext, type: string, all: readonly Typed[]): Promise<readonly Typed[]> {
  const { whose } = reached(context, type);
  if (type !== "Patient" || !whose || !context.written || all.length === 0) return all;
  const ids = new Set(
    await context.written.resources.ids(context.view.principal, {
      type,
      whose,
      ...(all.length <= AMONG_MAX && { among: all.map(({ id = "" }) => id) }),
    }),
  );
  return all.filter(({ id }) => !ids.has(id ?? ""));
}

function candidateOf(
  { base }: RecordContext,
  resource: Resource,
  parameters: readonly Parameter[],
  needsWords: boolean,
  more: readonly string[],
): Candidate {
  const findable = findableOf(resource, parameters, { base, toCanonical: toBaseUnits }, needsWords);
  const { lastUpdated } = (resource.meta ?? {}) as { lastUpdated?: string };
  return {
    id: String(resource.id),
    updatedAt: lastUpdated === undefined ? undefined : Date.parse(lastUpdated),
    findable: more.length === 0 ? findable : { ...findable, terms: [...findable.terms, ...more] },
  };
}

/** Only what a search looks at is taken out of each resource. */
const isAsked = (code: string, conditions: readonly Condition[], sort: readonly SortKey[]): boolean =>
  conditions.some((one) => asksFor(one, code)) ||
  sort.some(({ key = "", orKey = key }) => codeOf(key) === code || codeOf(orKey) === code);

function hasWords(one: Condition): boolean {
  if (one.kind === "any" || one.kind === "all") return one.of.some(hasWords);
  return one.kind === "not" ? hasWords(one.of) : one.kind === "words";
}
