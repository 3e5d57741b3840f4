import type { Bundle, BundleEntry, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { type Asked, targetsOf } from "@openward/fhir/search";
import type { Condition, FoundResource, Resources } from "@openward/fhir/store";
import { applyView } from "@openward/fhir/view";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { isWithheld } from "../redaction.ts";
import { searchBundle } from "../search/bundle.ts";
import { decodeCursor, encodeCursor } from "../search/cursor.ts";
import { searchables } from "../search/index.ts";
import { definitions } from "./definitions.ts";
import { included } from "./include.ts";
import { resourceOf } from "./present.ts";
import { readQuery, type WrittenQuery } from "./query.ts";
import { isReached, reachOf } from "./reach.ts";
import { isWrittenType } from "./types.ts";

/** A chain is asked in steps; what one step finds must fit into the question of the next. */
const LINKED_MAX = 1_000;
const TOTAL_MAX = 10_000;

/** @throws RefusedInput NOT_SUPPORTED where nothing is kept */
export function resourcesOf({ written }: RecordContext): Resources {
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "a type that is made here" });
  return written.resources;
}

/** One page of a search among what was written. */
export async function searchWritten(
  context: RecordContext,
  type: string,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = readQuery(context, type, pairs);
  const { found, conditions } = await findWritten(context, type, query, query.count + 1);
  const page = query.totalOnly ? [] : found.slice(0, query.count);
  const last = page.at(-1);
  const next = last && found.length > page.length ? encodeCursor([...last.place]) : undefined;
  const whose = reachOf(context, type, "s");
  const total = query.wantsTotal
    ? await resourcesOf(context).count(context.view.principal, { type, conditions, whose }, TOTAL_MAX)
    : undefined;
  const resources: Resource[] = [];
  for (const one of page) {
    await context.turn();
    resources.push(resourceOf(one));
  }
  const shownAs = (all: readonly Resource[]) => all.map((one) => applyView(one, query.view)) as unknown as Typed[];
  const shown = { used: query.used, cursor: query.cursor, remarks: query.remarks };
  const bundle = searchBundle(context, { type, query: shown, resources: shownAs(resources), next, total });
  const beside = query.includes.length > 0 ? await included(context, resources, query.includes) : [];
  return beside.length === 0 ? bundle : withIncluded(context, bundle, shownAs(beside));
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

export async function findWritten(
  context: RecordContext,
  type: string,
  query: Pick<WrittenQuery, "conditions" | "linked" | "sort" | "cursor">,
  limit: number,
): Promise<{ readonly found: readonly FoundResource[]; readonly conditions: readonly Condition[] }> {
  const whose = reachOf(context, type, "s");
  const conditions = [...query.conditions];
  for (const { asked, value } of query.linked) conditions.push(await linkCondition(context, type, asked, value));
  const after =
    query.cursor === null
      ? undefined
      : decodeCursor(
          query.cursor,
          query.sort.map(() => "any"),
        );
  if (after && after.length !== query.sort.length + 1)
    throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  const sort = query.sort;
  const asked = { type, conditions, sort, limit, whose, ...(after && { after }) };
  const found = await resourcesOf(context).search(context.view.principal, asked);
  return { found: found.filter(({ patientIds }) => isReached(context.view, whose, patientIds)), conditions };
}

export async function linkCondition(
  context: RecordContext,
  type: string,
  asked: Exclude<Asked, { kind: "plain" }>,
  value: string,
): Promise<Condition> {
  if (asked.kind === "has") {
    const parameter = definitions().table.of(asked.type).get(asked.reference);
    if (parameter?.type !== "reference")
      throw new RefusedInput("PARAMETER_UNKNOWN", {
        at: "http._has",
        expected: "a type and a parameter of references",
      });
    const ids = new Set<string>();
    for (const resource of await findAll(context, asked.type, asked.rest, value)) {
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
    if (targets.length > 1 && !takes(target, asked.rest)) continue;
    isAnswered = true;
    for (const { id } of await findAll(context, target, asked.rest, value))
      anyOf.push(`${asked.name}\t${target}/${id}`);
  }
  if (!isAnswered)
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${asked.name}`,
      expected: "a chain to a type that is searched here, by a parameter that it has",
    });
  return { kind: "terms", anyOf };
}

/** Of a reference to many types only those are meant that know the parameter. */
function takes(type: string, rest: string): boolean {
  const name = /^[_a-z][\w-]*/.exec(rest)?.[0] ?? "";
  return name.startsWith("_") || definitions().table.of(type).has(name);
}

/** Everything that one step of a chain finds. @throws RefusedInput SEARCH_TOO_COSTLY */
async function findAll(context: RecordContext, type: string, key: string, value: string): Promise<readonly Resource[]> {
  const strict = { ...context, strict: true };
  const pairs: [string, string][] = [[key, value]];
  const tooMany = () =>
    new RefusedInput("SEARCH_TOO_COSTLY", {
      at: `http.${type}`,
      expected: `a chain whose steps find at most ${LINKED_MAX}`,
    });
  if (isWrittenType(type)) {
    const { found } = await findWritten(strict, type, readQuery(strict, type, pairs), LINKED_MAX + 1);
    if (found.length > LINKED_MAX) throw tooMany();
    return found.map(resourceOf);
  }
  const searchable = Object.hasOwn(searchables, type) ? searchables[type] : undefined;
  if (!searchable)
    throw new RefusedInput("PARAMETER_UNKNOWN", { at: `http.${type}`, expected: "a type that is searched here" });
  // Else the chain would tell whom it fits.
  if (isWithheld(type, key, context.view.principal.role))
    throw new RefusedInput("NOT_PERMITTED", { at: `http.${type}`, expected: "a parameter of what may be seen" });
  const bundle = await searchable.search(within(strict, type, "s"), [...pairs, ["_count", String(LINKED_MAX)]]);
  if (bundle.link?.some(({ relation }) => relation === "next")) throw tooMany();
  return (bundle.entry ?? []).flatMap(({ resource, search }) =>
    resource && search?.mode === "match" ? [resource as unknown as Resource] : [],
  );
}
