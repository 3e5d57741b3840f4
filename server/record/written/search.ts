import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { targetsOf } from "@openward/fhir/search";
import type { Condition, SortKey } from "@openward/fhir/store";
import { applyView } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { houseKind } from "../house/index.ts";
import { within } from "../reach.ts";
import { isWithheld } from "../redaction.ts";
import { searchBundle } from "../search/bundle.ts";
import { decodeCursor, encodeCursor } from "../search/cursor.ts";
import { searchables } from "../search/index.ts";
import { codesCondition } from "./codes.ts";
import { definitions } from "./definitions.ts";
import { filtered, takesFilter } from "./filter.ts";
import { count, type FoundOne, find, orderOf, type Sought } from "./find.ts";
import { included } from "./include.ts";
import { nearCondition } from "./near.ts";
import { type Linked, readQuery, type WrittenQuery } from "./query.ts";
import { isWrittenType } from "./types.ts";

/** A chain is asked in steps; what one step finds must fit into the question of the next. */
const LINKED_MAX = 1_000;
const TOTAL_MAX = 10_000;

/** One page of a search among what was written and what the house makes. */
export async function searchWritten(
  context: RecordContext,
  type: string,
  pairs: Iterable<readonly [string, string]>,
  place?: { readonly inside: { readonly condition: Condition }; readonly path: string },
): Promise<Bundle> {
  const asked = [...pairs];
  checkWithheld(context, type, asked);
  const query = readQuery(context, type, asked);
  const sought = await soughtOf(context, type, query, place ? [place.inside.condition] : []);
  const found = query.totalOnly ? [] : await find(context, type, sought, query.count + 1);
  const page = found.slice(0, query.count);
  const last = page.at(-1);
  const next = last && found.length > page.length ? encodeCursor(last.place) : undefined;
  // Of what is all at hand, or all on this page, the number costs nothing.
  const isAtHand = context.written === undefined && houseKind(type)?.sort === undefined;
  const isWhole = !query.totalOnly && query.cursor === null && next === undefined;
  const total =
    query.wantsTotal || isAtHand
      ? await count(context, type, sought.conditions, TOTAL_MAX)
      : isWhole
        ? page.length
        : undefined;
  const resources: Resource[] = [];
  for (const one of page) {
    await context.turn();
    resources.push(one.resource());
  }
  const shownAs = (all: readonly Resource[]) => all.map((one) => applyView(one, query.view)) as unknown as Typed[];
  const shown = { used: query.used, cursor: query.cursor, remarks: query.remarks };
  const beside = query.includes.length > 0 ? await included(context, resources, query.includes) : undefined;
  const remarks = beside?.remarks ?? [];
  const bundle = searchBundle(context, {
    type: place?.path ?? type,
    query: shown,
    resources: shownAs(resources),
    next,
    total,
    remarks,
  });
  return beside ? withIncluded(context, bundle, shownAs(beside.resources)) : bundle;
}

/** Else the answer would tell whom it fits, or its order what it is. @throws RefusedInput NOT_PERMITTED */
function checkWithheld({ view }: RecordContext, type: string, pairs: readonly (readonly [string, string])[]): void {
  const { role } = view.principal;
  for (const [key, value] of pairs) {
    const names = key === "_sort" ? value.split(",").map((one) => one.replace(/^-/, "")) : [key];
    if (names.some((name) => isWithheld(type, name, role)))
      throw new RefusedInput("NOT_PERMITTED", { at: `http.${key}`, expected: "a parameter of what may be seen" });
  }
}

/** Includes stand behind matches, and before what is said of the search. */
export function withIncluded({ base }: RecordContext, bundle: Bundle, beside: readonly Typed[]): Bundle {
  const entries = bundle.entry ?? [];
  const isOutcome = ({ search }: BundleEntry) => search?.mode === "outcome";
  const added = beside.map(
    (resource): BundleEntry => ({
      fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
      resource,
      search: { mode: "include" },
    }),
  );
  return { ...bundle, entry: [...entries.filter((one) => !isOutcome(one)), ...added, ...entries.filter(isOutcome)] };
}

type Query = Pick<WrittenQuery, "conditions" | "linked" | "sort" | "cursor">;

/** Everything that the search wants, with what had to be asked of others first. */
async function soughtOf(
  context: RecordContext,
  type: string,
  query: Query,
  more: readonly Condition[] = [],
): Promise<Sought> {
  const conditions = [...query.conditions, ...more];
  for (const { asked, value } of query.linked) conditions.push(await linkCondition(context, type, asked, value));
  return { conditions, sort: query.sort, after: afterOf(query.cursor, orderOf(type, query.sort)) };
}

/** @throws RefusedInput FIELD_INVALID for what is no place in this order */
function afterOf(cursor: string | null, order: readonly SortKey[]): readonly (string | number)[] | undefined {
  if (cursor === null) return undefined;
  const shape = order.map(({ by }) => (by === "id" || by === "string" ? "string" : by === "span" ? "any" : "number"));
  const after = decodeCursor(cursor, shape);
  const isPlace = after.length === order.length + 1 && order.every(({ by }, i) => by !== "span" || isNumber(after[i]));
  if (!isPlace) throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  return after;
}

// What has no such value stands at an infinity, which JSON has no number for.
const isNumber = (value: unknown): boolean => typeof value === "number" || /^-?Infinity$/.test(String(value));

/** Everything that matches, up to `limit`. */
export async function findAll(
  context: RecordContext,
  type: string,
  query: Query,
  limit: number,
): Promise<readonly FoundOne[]> {
  return find(context, type, await soughtOf(context, type, query), limit);
}

/** The first behind a place in the order of its type, among those in a compartment where one is given. */
export async function findPlaced(
  context: RecordContext,
  type: string,
  asked: {
    readonly pairs: readonly (readonly [string, string])[];
    readonly query: WrittenQuery;
    readonly after: readonly (string | number)[] | undefined;
    readonly limit: number;
    readonly inside: Condition | undefined;
  },
): Promise<readonly FoundOne[]> {
  const { pairs, query, after, limit, inside } = asked;
  checkWithheld(context, type, pairs);
  const sought = await soughtOf(context, type, { ...query, cursor: null }, inside ? [inside] : []);
  return find(context, type, { ...sought, after }, limit);
}

export async function linkCondition(
  context: RecordContext,
  type: string,
  asked: Linked,
  value: string,
): Promise<Condition> {
  if (asked.kind === "codes") return codesCondition(context, type, asked, value);
  if (asked.kind === "near") return nearCondition(context, value);
  if (asked.kind === "filter")
    return filtered(context, type, asked.filter, (name, targets) =>
      linkCondition(context, type, { kind: "chain", name, type: targets.type, rest: "_filter" }, targets.filter),
    );
  if (asked.kind === "has") {
    const parameter = definitions().table.of(asked.type).get(asked.reference);
    if (parameter?.type !== "reference")
      throw new RefusedInput("PARAMETER_UNKNOWN", {
        at: "http._has",
        expected: "a type and a parameter of references",
      });
    const ids = new Set<string>();
    for (const resource of await stepOf(context, asked.type, asked.rest, value)) {
      for (const one of parameter.pick(resource))
        for (const { reference } of targetsOf(one)) {
          const local = reference?.replace(`${context.base}/`, "");
          if (local?.startsWith(`${type}/`)) ids.add(local.slice(type.length + 1));
        }
    }
    return { kind: "ids", ids: [...ids] };
  }
  const parameter = definitions().table.of(type).get(asked.name);
  const targets = asked.type === undefined ? (parameter?.targets ?? []) : [asked.type];
  const anyOf: string[] = [];
  let isAnswered = false;
  for (const target of targets) {
    if (!isWrittenType(target) && !Object.hasOwn(searchables, target)) continue;
    if (targets.length > 1 && !takes(target, asked.rest, value)) continue;
    isAnswered = true;
    for (const { id } of await stepOf(context, target, asked.rest, value)) anyOf.push(`${asked.name}\t${target}/${id}`);
  }
  if (!isAnswered)
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${asked.name}`,
      expected: "a chain to a type that is searched here, by a parameter that it has",
    });
  return { kind: "terms", anyOf };
}

/** Of a reference to many types only those are meant that know the parameter. */
function takes(type: string, rest: string, value: string): boolean {
  if (rest === "_filter") return takesFilter(type, value);
  const name = /^[_a-z][\w-]*/.exec(rest)?.[0] ?? "";
  return name.startsWith("_") || definitions().table.of(type).has(name);
}

/** Everything that one step of a chain finds. @throws RefusedInput SEARCH_TOO_COSTLY */
async function stepOf(context: RecordContext, type: string, key: string, value: string): Promise<readonly Resource[]> {
  const strict = { ...context, strict: true };
  const pairs: [string, string][] = [[key, value]];
  checkWithheld(context, type, pairs);
  const tooMany = () =>
    new RefusedInput("SEARCH_TOO_COSTLY", {
      at: `http.${type}`,
      expected: `a chain whose steps find at most ${LINKED_MAX}`,
    });
  if (isWrittenType(type)) {
    const found = await findAll(strict, type, readQuery(strict, type, pairs), LINKED_MAX + 1);
    if (found.length > LINKED_MAX) throw tooMany();
    return found.map((one) => one.resource());
  }
  const searchable = Object.hasOwn(searchables, type) ? searchables[type] : undefined;
  if (!searchable)
    throw new RefusedInput("PARAMETER_UNKNOWN", { at: `http.${type}`, expected: "a type that is searched here" });
  const bundle = await searchable.search(within(strict, type, "s"), [...pairs, ["_count", String(LINKED_MAX)]]);
  if (bundle.link?.some(({ relation }) => relation === "next")) throw tooMany();
  return (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource && search?.mode === "match" ? [resource as unknown as Resource] : [],
  );
}
