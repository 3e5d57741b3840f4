import type { Observation } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { type Candidate, comparePlaces, findableOf, placeOf } from "@openward/fhir/search";
import type { FoundResource, SortKey } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import type { Item } from "../sources/source.ts";
import { TEXTS_ORDER } from "../sources/texts.ts";
import { reachOfTexts } from "../write/reach.ts";
import { TYPE, textsOf } from "../write/texts.ts";
import { definitions } from "../written/definitions.ts";
import { resourceOf } from "../written/present.ts";
import { isReached } from "../written/reach.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { ObservationQuery } from "./observation-query.ts";
import type { ObservationSources } from "./observation-sources.ts";

/** Readings come in order of time: in any other all of them must be at hand first. */
const SORTED_MAX = 10_000;
const BY_ID: SortKey = { by: "id", isDescending: false };

export interface Placed {
  readonly place: readonly (string | number)[];
  readonly item: Pick<Item, "map" | "isSeen">;
}

/** A page in any order but that of time; among equals by id. */
export async function pageInOrder(
  context: RecordContext,
  sources: ObservationSources,
  query: ObservationQuery,
): Promise<{ readonly items: readonly Placed["item"][]; readonly next: string | undefined }> {
  const sort = sortOf(query.sort);
  const after = query.cursor === null ? undefined : placeIn(query.cursor, sort);
  const found = await placedInOrder(context, sources, { sort, after, limit: query.count + 1 });
  const page = found.slice(0, query.count);
  const last = page.at(-1);
  const next = last && found.length > page.length ? encodeCursor(last.place.map(textOf)) : undefined;
  return { items: page.map(({ item }) => item), next };
}

/** An order in which every Observation has a place of its own. */
export const sortOf = (sort: readonly SortKey[]): readonly SortKey[] =>
  sort.some(({ by }) => by === "id") ? sort : [...sort, BY_ID];

/**
 * The first behind a place.
 *
 * @throws RefusedInput SEARCH_TOO_COSTLY
 */
export async function placedInOrder(
  context: RecordContext,
  sources: ObservationSources,
  asked: {
    readonly sort: readonly SortKey[];
    readonly after: readonly (string | number)[] | undefined;
    readonly limit: number;
  },
): Promise<readonly Placed[]> {
  const { sort, after, limit } = asked;
  const isBehind = ({ place }: Placed) => after === undefined || comparePlaces(place, after, sort) > 0;
  const all: Placed[] = [];
  for (const source of sources.from(undefined)) {
    if (source.order === TEXTS_ORDER) continue;
    for (let item = await source.next(); item; item = await source.next()) {
      if (item.isCovered) continue;
      await context.turn();
      const made = item.map();
      const { isSeen } = item;
      all.push({ place: placeOf(candidateOf(context, made, sort), sort), item: { map: () => made, isSeen } });
      if (all.length > SORTED_MAX)
        throw new RefusedInput("SEARCH_TOO_COSTLY", {
          at: "http._sort",
          expected: `-date or date, or a search that at most ${SORTED_MAX} readings match: a patient, a code, a span of time`,
        });
    }
  }
  const written = await textsInOrder(context, sources, sort, limit, after);
  return [...all.filter(isBehind), ...written].sort((a, b) => comparePlaces(a.place, b.place, sort)).slice(0, limit);
}

const textOf = (part: string | number) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part);

/** @throws RefusedInput FIELD_INVALID for what is no place in this order */
function placeIn(cursor: string, sort: readonly SortKey[]): (string | number)[] {
  const place = decodeCursor(
    cursor,
    sort.map(({ by }) => (by === "id" || by === "string" ? "string" : by === "span" ? "any" : "number")),
  );
  const isPlace =
    place.length === sort.length && sort.every(({ by }, i) => by !== "span" || !Number.isNaN(Number(place[i])));
  if (!isPlace) throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  return place;
}

function candidateOf({ base }: RecordContext, made: Observation, sort: readonly SortKey[]): Candidate {
  const keys = new Set(sort.flatMap(({ key }) => (key === undefined ? [] : [key.split(":", 1)[0]])));
  const parameters = [...definitions().table.of(TYPE).values()].filter(({ code }) => keys.has(code));
  const { lastUpdated } = made.meta ?? {};
  return {
    id: made.id ?? "",
    updatedAt: lastUpdated === undefined ? undefined : Date.parse(lastUpdated),
    findable: findableOf(made as Observation & Resource, parameters, { base, toCanonical: toBaseUnits }),
  };
}

async function textsInOrder(
  context: RecordContext,
  { texts }: ObservationSources,
  sort: readonly SortKey[],
  limit: number,
  after: readonly (string | number)[] | undefined,
): Promise<Placed[]> {
  const reach = context.written && reachOfTexts(context, "s");
  if (!texts || !reach) return [];
  const found = await textsOf(context).search(context.view.principal, {
    type: TYPE,
    conditions: texts.conditions,
    sort,
    limit,
    whose: reach.whose,
    // The store's own order stands behind, and every id is there once.
    ...(after && { after: [...after, Number.MAX_SAFE_INTEGER] }),
  });
  const isSeen = ({ patientIds }: FoundResource) => isReached(context.view, reach.whose, patientIds);
  return found.filter(isSeen).map((stored) => ({
    place: stored.place.slice(0, -1),
    item: { map: () => resourceOf(stored) as unknown as Observation, isSeen: () => isSeen(stored) },
  }));
}
