import type { Bundle, BundleEntry, OperationOutcomeIssue, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { parseKey, splitUnescaped } from "@openward/fhir/search";
import type { RecordContext } from "../context.ts";
import { houseKinds } from "../house/index.ts";
import { issueOf } from "../outcome.ts";
import { within } from "../reach.ts";
import { redactedResource } from "../redaction.ts";
import { definitions } from "../written/definitions.ts";
import { readOne } from "../written/include.ts";
import { searchWritten } from "../written/search.ts";
import { isWrittenType, writtenTypes } from "../written/types.ts";
import { searchBundle } from "./bundle.ts";
import { compartmentCondition, type EverywherePlace, needTypesIn } from "./compartment.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { searchInOrder } from "./everywhere-sorted.ts";
import { searchObservations } from "./observation.ts";
import { COUNT_DEFAULT, COUNT_MAX } from "./query.ts";

type Pairs = readonly (readonly [string, string])[];

/** What a search of several types is made of. */
export interface Everywhere {
  readonly place: EverywherePlace;
  /** In the order in which they come. */
  readonly types: readonly string[];
  /** Somebody named them: what one of them refuses refuses all. */
  readonly isNamed: boolean;
  /** Without what is of the whole: `_type`, `_cursor`, `_count`. */
  readonly pairs: Pairs;
  /** As it was asked, for the links. */
  readonly used: Pairs;
  readonly count: number;
  readonly cursor: string | null;
  readonly remarks: OperationOutcomeIssue[];
  /** Types that are not for who asks, and were left out. */
  readonly refused: Map<string, RefusedInput>;
}

/**
 * A search of everything, of several types, or of what belongs to one resource.
 *
 * @throws RefusedInput NOT_FOUND where the owner of a compartment is not there for who asks; FIELD_INVALID, PARAMETER_UNKNOWN,
 *   NOT_PERMITTED, SEARCH_TOO_COSTLY as a search of each of the types
 */
export async function searchEverywhere(context: RecordContext, place: EverywherePlace, pairs: Pairs): Promise<Bundle> {
  const { compartment, type } = place;
  // Who may not read whose compartment it is is told so, or that there is none, as by a read.
  if (compartment) await readOne(context, compartment.type, compartment.id);
  const { role } = context.view.principal;
  if (type !== undefined) {
    needKnownType(context, type);
    if (compartment) needTypesIn(compartment, [type]);
    return redactedResource(await searchType(context, place, type, pairs), role);
  }
  const search = await readEverywhere(context, place, pairs);
  const isSorted = search.pairs.some(([key]) => key === "_sort");
  return redactedResource(isSorted ? await searchInOrder(context, search) : await searchInTurn(context, search), role);
}

/** One type, as if it had been asked alone. */
export function searchType(
  context: RecordContext,
  { compartment, path }: EverywherePlace,
  type: string,
  pairs: Pairs,
): Promise<Bundle> {
  const inside = compartment && compartmentCondition(context, compartment, type);
  const more = inside && { inside, path };
  if (type === "Observation") return searchObservations(within(context, type, "s"), pairs, { place: more });
  return searchWritten(context, type, pairs, more);
}

function needKnownType({ written }: RecordContext, type: string): void {
  if (type === "Observation" || Object.hasOwn(houseKinds, type) || (written && isWrittenType(type))) return;
  throw new RefusedInput("FIELD_INVALID", { at: "http._type", expected: "types that are searched here" });
}

async function readEverywhere(context: RecordContext, place: EverywherePlace, pairs: Pairs): Promise<Everywhere> {
  const { compartment } = place;
  let named: readonly string[] | undefined;
  let count = COUNT_DEFAULT;
  let cursor: string | null = null;
  const asked: (readonly [string, string])[] = [];
  const used: (readonly [string, string])[] = [];
  for (const pair of pairs) {
    const [key, value] = pair;
    if (key === "_format" || key === "_pretty") continue;
    if (key === "_cursor") {
      cursor = value;
      continue;
    }
    used.push(pair);
    if (key === "_type") {
      const types = splitUnescaped(value, ",").map((one) => one.trim());
      named = named ? named.filter((one) => types.includes(one)) : types;
    } else if (key === "_count") {
      if (!/^\d{1,9}$/.test(value))
        throw new RefusedInput("FIELD_INVALID", { at: "http._count", expected: `a whole number up to ${COUNT_MAX}` });
      count = Math.min(Number(value), COUNT_MAX);
    } else asked.push(pair);
  }
  for (const type of named ?? []) needKnownType(context, type);
  if (compartment && named) needTypesIn(compartment, named);
  const types = [...new Set(named ?? (await typesOf(context)))]
    .filter((type) => !compartment || compartmentCondition(context, compartment, type))
    .sort();
  const remarks: OperationOutcomeIssue[] = [];
  const ofAll = commonPairs(context, types, asked, remarks);
  if (count === 0) ofAll.push(["_summary", "count"]);
  const isNamed = named !== undefined;
  return { place, types, isNamed, pairs: ofAll, used, count, cursor, remarks, refused: new Map() };
}

/** Types of which there is anything to find. */
async function typesOf({ written, view }: RecordContext): Promise<readonly string[]> {
  const ofHouse = ["Observation", ...Object.keys(houseKinds)];
  if (!written) return ofHouse;
  const stored = await written.resources.types(view.principal.organisationId);
  return [...ofHouse, ...stored.filter((type) => writtenTypes.includes(type))];
}

/** Of every resource, though no type lists it as its own. */
const OF_ALL = new Set(["_id", "_lastUpdated", "_text", "_content", "_filter", "_list", "_has"]);
const OF_RESULTS = /^_(sort|total|summary|elements|score|contained|containedType|(rev)?include(:(iterate|recurse))?)$/;

/**
 * R4: where several types are searched, every parameter must be one of each of them.
 *
 * @throws RefusedInput PARAMETER_UNKNOWN where it is one of some: what it says of the others nobody could tell
 */
function commonPairs(
  { strict }: RecordContext,
  types: readonly string[],
  pairs: Pairs,
  remarks: OperationOutcomeIssue[],
): (readonly [string, string])[] {
  return pairs.filter(([key]) => {
    if (OF_RESULTS.test(key)) return true;
    const asked = parseKey(key);
    if (asked.kind === "has" || OF_ALL.has(asked.name)) return true;
    const knowing = types.filter((type) => definitions().table.of(type).has(asked.name));
    if (knowing.length === types.length) return true;
    const facts = { at: `http.${asked.name}`, expected: "a parameter that all of the types have: name them by _type" };
    if (knowing.length > 0 || strict) throw new RefusedInput("PARAMETER_UNKNOWN", facts);
    remarks.push(issueOf("PARAMETER_UNKNOWN", facts, "warning"));
    return false;
  });
}

/** Is it about this one type, and may the others go on without it? What is named is answered or refused. */
export function isLeftOut({ isNamed, remarks, refused }: Everywhere, type: string, error: unknown): boolean {
  if (isNamed || !(error instanceof RefusedInput)) return false;
  if (error.code === "NOT_PERMITTED") {
    refused.set(type, error);
    return true;
  }
  if (error.code !== "SEARCH_TOO_COSTLY") return false;
  const { expected = "a search of this type alone" } = error.facts;
  remarks.push(issueOf("SEARCH_TOO_COSTLY", { at: `http._type ${type}`, expected }, "warning"));
  return true;
}

/** Type by type, each in its own order: what comes meanwhile moves nothing. */
async function searchInTurn(context: RecordContext, search: Everywhere): Promise<Bundle> {
  const { place, types, pairs, count, cursor } = search;
  const [from = "", inner = ""] = cursor === null ? [] : (decodeCursor(cursor, ["string", "string"]) as string[]);
  if (cursor !== null && !types.includes(from))
    throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  const total = await totalOf(context, search);
  const entries: BundleEntry[] = [];
  let left = isCounting(pairs) ? 0 : count;
  let next: string | undefined;
  for (const type of left > 0 ? types.filter((one) => one >= from) : []) {
    const isProbe = left === 0;
    const begin = type === from && inner !== "" ? ([["_cursor", inner]] as const) : [];
    let bundle: Bundle;
    try {
      const quiet = pairs.filter(([key]) => key !== "_total");
      bundle = await searchType(context, place, type, [...quiet, ["_count", String(Math.max(1, left))], ...begin]);
    } catch (error) {
      if (isLeftOut(search, type, error)) continue;
      throw error;
    }
    const found = (bundle.entry ?? []).filter(({ search: how }) => how?.mode === "match").length;
    if (isProbe && found > 0) {
      next = encodeCursor([type, ""]);
      break;
    }
    if (isProbe) continue;
    entries.push(...(bundle.entry ?? []));
    left -= found;
    const further = cursorIn(bundle);
    if (further !== undefined) {
      next = encodeCursor([type, further]);
      break;
    }
  }
  return togetherOf(context, search, { entries, next, total });
}

const cursorIn = ({ link }: Bundle): string | undefined => {
  const url = link?.find(({ relation }) => relation === "next")?.url;
  return url === undefined ? undefined : (new URL(url).searchParams.get("_cursor") ?? undefined);
};

const isCounting = (pairs: Pairs): boolean => pairs.some(([key, value]) => key === "_summary" && value === "count");

/** undefined: nobody wants to know, or one of them is more than can be counted. */
export async function totalOf(context: RecordContext, search: Everywhere): Promise<number | undefined> {
  const { place, types, pairs } = search;
  const isWanted = isCounting(pairs) || pairs.some(([key, value]) => key === "_total" && value !== "none");
  if (!isWanted) return undefined;
  let sum: number | undefined = 0;
  const without = pairs.filter(([key]) => !OF_RESULTS.test(key));
  for (const type of types) {
    try {
      const { total } = await searchType(context, place, type, [...without, ["_summary", "count"]]);
      sum = total === undefined || sum === undefined ? undefined : sum + total;
    } catch (error) {
      if (!isLeftOut(search, type, error)) throw error;
    }
  }
  return sum;
}

/** One answer of many: each resource once, what matched before what stands beside it, and what is said of the search last. */
export function togetherOf(
  context: RecordContext,
  { place, types, used, cursor, remarks, refused }: Everywhere,
  answer: {
    readonly entries: readonly BundleEntry[];
    readonly next: string | undefined;
    readonly total: number | undefined;
  },
): Bundle {
  const { entries, next, total } = answer;
  const [refusal] = refused.values();
  if (refusal && types.every((type) => refused.has(type))) throw refusal;
  const seen = new Set<string>();
  const issues = new Map<string, OperationOutcomeIssue>();
  const of = (mode: string) =>
    entries.filter(({ search, fullUrl = "" }) => {
      if (search?.mode !== mode || seen.has(fullUrl)) return false;
      seen.add(fullUrl);
      return true;
    });
  const [matches, beside] = [of("match"), of("include")];
  const said = entries.flatMap(({ resource }) => (resource?.resourceType === "OperationOutcome" ? resource.issue : []));
  for (const issue of [...remarks, ...said]) issues.set(JSON.stringify(issue), issue);
  const query = { used, cursor, remarks: [...issues.values()] };
  const bundle = searchBundle(context, { type: place.path, query, resources: [] as Typed[], next, total });
  const entry = [...matches, ...beside, ...(bundle.entry ?? [])];
  const { entry: _, ...head } = bundle;
  return entry.length === 0 ? head : { ...head, entry };
}
