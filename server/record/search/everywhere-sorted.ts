import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { comparePlaces } from "@openward/fhir/search";
import type { SortKey } from "@openward/fhir/store";
import { applyView } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { orderOf } from "../written/find.ts";
import { included } from "../written/include.ts";
import { readQuery, type WrittenQuery } from "../written/query.ts";
import { findPlaced } from "../written/search.ts";
import { compartmentCondition } from "./compartment.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { type Everywhere, isLeftOut, togetherOf, totalOf } from "./everywhere.ts";
import { readObservationQuery } from "./observation-query.ts";
import { placedInOrder, sortOf } from "./observation-sorted.ts";
import { sourcesOf } from "./observation-sources.ts";

type Place = readonly (string | number)[];

interface Placed {
  readonly type: string;
  /** By `_sort`, and then as its type orders equals. */
  readonly place: Place;
  resource(): Resource;
}

/** A cursor has at most eight parts: the type, the keys, and what orders equals. */
const KEYS_MAX = 4;
/** Behind every id, and every number that a store gives. */
const BEHIND = "~";

/** One order over all types; among equals by type, and then by id or in the order in which they came to be. */
export async function searchInOrder(context: RecordContext, search: Everywhere): Promise<Bundle> {
  const { types, pairs, count, cursor, remarks } = search;
  const queries = new Map(types.map((type) => [type, readQuery(context, type, pairs)]));
  const sort = commonSort(queries);
  const last = cursor === null ? undefined : lastOf(cursor, types, sort);
  const total = await totalOf(context, search);
  const all: Placed[] = [];
  for (const type of search.count > 0 ? types : []) {
    try {
      all.push(...(await placedOf(context, search, type, sort, last, count + 1)));
    } catch (error) {
      if (!isLeftOut(search, type, error)) throw error;
    }
  }
  all.sort((a, b) => comparePlaces(a.place, b.place, sort) || (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
  const page = all.slice(0, count);
  const end = page.at(-1);
  const next = end && all.length > count ? encodeCursor([end.type, ...end.place.map(textOf)]) : undefined;
  const [query] = queries.values();
  const resources: Resource[] = [];
  for (const one of page) {
    await context.turn();
    resources.push(one.resource());
  }
  const entryOf = (resource: Resource, mode: "match" | "include"): BundleEntry => ({
    fullUrl: `${context.base}/${resource.resourceType}/${String(resource.id)}`,
    resource: (query ? applyView(resource, query.view) : resource) as unknown as Typed,
    search: { mode },
  });
  const beside = query && query.includes.length > 0 ? await included(context, resources, query.includes) : undefined;
  remarks.push(...(beside?.remarks ?? []));
  const entries = [
    ...resources.map((one) => entryOf(one, "match")),
    ...(beside?.resources ?? []).map((one) => entryOf(one, "include")),
  ];
  return togetherOf(context, search, { entries, next, total });
}

/** @throws RefusedInput PARAMETER_UNKNOWN where the types do not have the same things to be sorted by */
function commonSort(queries: ReadonlyMap<string, WrittenQuery>): readonly SortKey[] {
  const [first, ...others] = [...queries.values()].map(({ sort }) => sort);
  const isSame = (sort: readonly SortKey[]) => sort.map(({ by }) => by).join() === first?.map(({ by }) => by).join();
  if (first && first.length > 0 && first.length <= KEYS_MAX && others.every(isSame)) return first;
  throw new RefusedInput("PARAMETER_UNKNOWN", {
    at: "http._sort",
    expected: `1 to ${KEYS_MAX} of _lastUpdated, _id and parameters that all of the types have`,
  });
}

interface Last {
  readonly type: string;
  readonly place: Place;
}

/** @throws RefusedInput FIELD_INVALID */
function lastOf(cursor: string, types: readonly string[], sort: readonly SortKey[]): Last {
  const shape = sort.map(({ by }) => (by === "id" || by === "string" ? "string" : by === "span" ? "any" : "number"));
  const [type, ...place] = decodeCursor(cursor, ["string", ...shape]);
  const isPlace = sort.every(({ by }, i) => by !== "span" || !Number.isNaN(Number(place[i])));
  if (typeof type === "string" && types.includes(type) && isPlace) return { type, place };
  throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
}

/** Where a type goes on: behind the last itself, or with what is equal to it, which is told type by type. */
function afterOf(order: readonly SortKey[], type: string, sort: readonly SortKey[], last: Last | undefined) {
  if (!last) return undefined;
  const rest = order.slice(sort.length);
  if (type === last.type) return last.place;
  const isBehind = type < last.type;
  return [
    ...last.place.slice(0, sort.length),
    ...rest.map(() => (isBehind ? BEHIND : "")),
    isBehind ? Number.MAX_SAFE_INTEGER : 0,
  ];
}

async function placedOf(
  context: RecordContext,
  { place, pairs }: Everywhere,
  type: string,
  sort: readonly SortKey[],
  last: Last | undefined,
  limit: number,
): Promise<Placed[]> {
  const inside = place.compartment && compartmentCondition(context, place.compartment, type);
  if (type === "Observation") {
    const reached = within(context, type, "s");
    const query = await readObservationQuery(reached, pairs, inside);
    const own = sortOf(query.sort);
    const after = afterOf(own, type, sort, last)?.slice(0, own.length);
    const sources = await sourcesOf(reached, query);
    const found = await placedInOrder(reached, sources, { sort: own, after, limit });
    return found
      .filter(({ item }) => item.isSeen())
      .map((one) => ({ type, place: one.place, resource: () => one.item.map() as unknown as Resource }));
  }
  const query = readQuery(context, type, pairs);
  const after = afterOf(orderOf(type, query.sort), type, sort, last);
  const found = await findPlaced(context, type, { pairs, query, after, limit, inside: inside?.condition });
  return found.map((one) => ({ type, place: one.place, resource: one.resource }));
}

const textOf = (part: string | number) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part);
