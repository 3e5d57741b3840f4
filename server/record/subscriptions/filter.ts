import type { Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { findableOf, matches } from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import type { NewEvent, Stream, Subscription } from "@openward/model";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { observationFilter, observationParameters } from "../search/observation-filter.ts";
import { parseQuery } from "../search/query.ts";
import { definitions } from "../written/definitions.ts";
import { readQuery } from "../written/query.ts";
import { isWrittenType } from "../written/types.ts";
import { TOPICS } from "./topics.ts";

const AT = "Subscription.criteria.extension";
const TRIGGERS: Readonly<Record<string, NewEvent["method"]>> = { create: "POST", update: "PUT", delete: "DELETE" };
/** What can be said of a stream before anything of it is read. */
const OF_STREAMS = new Set(["patient", "subject", "code", "combo-code", "category", "device"]);

/** What is asked of the events about one type of resource; all of it must be so. */
interface OfType {
  /** "signal" and "heart-rate,spo2": each key's values. */
  readonly own: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Made when they are first needed: R4's search parameters are much to read. */
  conditions(): readonly Condition[];
  readonly hasConditions: boolean;
  /** Of Observations where a stream answers everything. */
  readonly acceptsStream: ((stream: Stream) => boolean) | undefined;
}

export interface Filter {
  /** Is it asked for at all? */
  readonly types: ReadonlySet<string> | undefined;
  /** By what a topic says of an event: trigger, signal, priority. */
  accepts(type: string, method: NewEvent["method"], said: Readonly<Record<string, string | null>>): boolean;
  /** undefined: the resource must be looked at. */
  acceptsStream(stream: Stream): boolean | undefined;
  acceptsResource(type: string, resource: Resource): boolean;
}

/**
 * The filters of a subscription: search parameters of the resource that an event is about, and keys of the topic's own. Filters
 * that name a type are about that type; of one type all must hold.
 *
 * @throws RefusedInput FIELD_INVALID, PARAMETER_UNKNOWN naming the filter
 */
export function filterOf({ topic, filters }: Pick<Subscription, "topic" | "filters">, context: RecordContext): Filter {
  const definition = TOPICS[topic];
  const pairs = new Map<string, [string, string][]>();
  for (const text of filters) {
    const { type, found } = parseFilter(text, definition.types);
    if (definition.types ? !definition.types.includes(type) : !isWrittenType(type))
      throw refuse(
        definition.types
          ? `filters of ${definition.types.join(", ")}`
          : "Type?parameter=value of a type that is written",
      );
    pairs.set(type, [...(pairs.get(type) ?? []), ...found]);
  }
  if (!definition.types && pairs.size === 0)
    throw refuse('at least one filter that names a type, as "Condition?" or "Condition?patient=Patient/1"');
  const byType = new Map([...pairs].map(([type, found]) => [type, ofType(type, found, definition.keys, context)]));
  const of = (type: string) => byType.get(type);
  return {
    types: definition.types ? undefined : new Set(byType.keys()),
    accepts(type, method, said) {
      if (!definition.types && !byType.has(type)) return false;
      const told = { ...said, trigger: method };
      for (const [key, all] of of(type)?.own ?? [])
        if (!all.every((values) => values.includes(told[key as "trigger"] ?? ""))) return false;
      return true;
    },
    acceptsStream(stream) {
      const one = of("Observation");
      return one?.hasConditions ? one.acceptsStream?.(stream) : true;
    },
    acceptsResource(type, resource) {
      const one = of(type);
      if (!one?.hasConditions) return true;
      const { base } = context;
      const findable = findableOf(
        resource as unknown as Record<string, unknown>,
        definitions().table.of(type).values(),
        {
          base,
          toCanonical: toBaseUnits,
        },
      );
      const candidate = { findable, id: resource.id ?? "", updatedAt: Date.parse(resource.meta?.lastUpdated ?? "") };
      return one.conditions().every((condition) => matches(candidate, condition));
    },
  };
}

function ofType(
  type: string,
  pairs: readonly [string, string][],
  keys: readonly string[],
  context: RecordContext,
): OfType {
  const own = new Map<string, string[][]>();
  const searched: [string, string][] = [];
  for (const [key, value] of pairs) {
    if (!keys.includes(key)) {
      searched.push([key, value]);
      continue;
    }
    const values = value.split(",").map((one) => (key === "trigger" ? (TRIGGERS[one] ?? "") : one));
    if (values.some((one) => one === ""))
      throw refuse(key === "trigger" ? "trigger=create, update or delete" : `${key} with a value`);
    own.set(key, [...(own.get(key) ?? []), values]);
  }
  const strict = { ...context, strict: true };
  const acceptsStream = streamFilter(type, searched, strict);
  let made: readonly Condition[] | undefined;
  const conditions = () => {
    made ??= conditionsOf(type, searched, strict);
    return made;
  };
  // What a stream cannot answer is looked at at once, so that what is wrong with it is told.
  if (!acceptsStream) conditions();
  return { own, conditions, hasConditions: searched.length > 0, acceptsStream };
}

function conditionsOf(type: string, pairs: readonly [string, string][], strict: RecordContext): readonly Condition[] {
  const query = readQuery(strict, type, pairs);
  if (query.linked.length > 0 || query.includes.length > 0 || query.conditions.some(({ kind }) => kind === "words"))
    throw refuse("search parameters of the resource itself: no chains, no words of text");
  return query.conditions;
}

function streamFilter(type: string, pairs: readonly [string, string][], context: RecordContext) {
  if (type !== "Observation" || !pairs.every(([key]) => OF_STREAMS.has(key))) return undefined;
  const filter = observationFilter(parseQuery(pairs, observationParameters, { strict: true, sorts: [] }), context.base);
  const { patientIds } = filter;
  return (stream: Stream): boolean => {
    // A record that was merged into another is that one's person.
    const isTheirs =
      patientIds === undefined ||
      patientIds.has(stream.patientId) ||
      [...patientIds].some((id) => context.view.recordsOf(id).includes(stream.patientId));
    return isTheirs && filter.acceptsStream(stream);
  };
}

/** "patient=1", "Encounter?patient=1", "Encounter.patient=1" */
function parseFilter(
  text: string,
  types: readonly string[] | undefined,
): { readonly type: string; readonly found: [string, string][] } {
  const [, named, rest = ""] = /^(?:([A-Z][A-Za-z]{1,63})[?.])?(.*)$/s.exec(text) ?? [];
  const type = named ?? (types?.length === 1 ? types[0] : undefined);
  if (type === undefined) throw refuse("Type?parameter=value");
  const found = [...new URLSearchParams(rest)];
  if (
    found.some(
      ([key, value]) => key === "" || value === "" || /^_(count|sort|total|summary|elements|cursor)$/.test(key),
    )
  )
    throw refuse("parameter=value");
  return { type, found };
}

const refuse = (expected: string) => new RefusedInput("FIELD_INVALID", { at: AT, expected });
