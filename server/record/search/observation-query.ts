import { RefusedInput } from "@openward/errors";
import type { Condition, SpanTest } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { readQuery, type WrittenQuery } from "../written/query.ts";
import { linkCondition } from "../written/search.ts";
import type { CompartmentCondition } from "./compartment.ts";
import { type DateValue, parseDates, spanOf } from "./date.ts";
import { type ObservationFilter, observationFilter, observationParameters } from "./observation-filter.ts";
import { parseQuery } from "./query.ts";

const TYPE = "Observation";

/** What an Observation that is made of readings can be found by; of all else it has nothing. */
const OF_READINGS = new Set(
  `_id _lastUpdated _profile _security _tag patient subject code category date status device data-absent-reason
  value-quantity code-value-quantity component-code component-value-quantity component-code-value-quantity
  component-data-absent-reason combo-code combo-value-quantity combo-code-value-quantity combo-data-absent-reason`.split(
    /\s+/,
  ),
);

/** A waveform has none of these: what is asked of a quantity is not asked of its samples. */
const OF_QUANTITIES =
  /^(value-quantity|code-value-quantity|component-value-quantity|component-code-value-quantity|combo-value-quantity|combo-code-value-quantity)$/;
const OF_WAVEFORMS = new Set([...OF_READINGS].filter((name) => !OF_QUANTITIES.test(name)));

/** The code in a composite is asked of streams, before a value is looked at. */
const CODES_OF: Readonly<Record<string, string>> = {
  "code-value-quantity": "code",
  "component-code-value-quantity": "component-code",
  "combo-code-value-quantity": "combo-code",
};

/** What sums up readings has these besides. */
const OF_SUMMARIES = new Set([...OF_READINGS, "has-member"]);

/** A search for Observations, as readings and texts are asked. */
export interface ObservationQuery extends WrittenQuery {
  /** Everything that is asked but dates, chains and `_has` answered: what a text must be. */
  readonly all: readonly Condition[];
  /** What is asked of its date besides, days being those of this zone. */
  datesIn(timeZone: string): readonly Condition[];
  /** What is asked of streams and times before anything is read. */
  readonly filter: ObservationFilter;
  /** What a reading must be besides, and only its Observation tells. */
  readonly rest: readonly Condition[];
  /** No reading, nor what sums up readings, has what is asked for. */
  readonly isOfTexts: boolean;
  /** No reading has it, but what sums up readings may. */
  readonly isOfSummaries: boolean;
  /** No waveform has it. */
  readonly isOfQuantities: boolean;
  /** Ids that were named, by `_id` or `_has`; undefined: any. */
  readonly ids: ReadonlySet<string> | undefined;
  /** Patients that were named; undefined: any. */
  readonly patientIds: ReadonlySet<string> | undefined;
  /** Those of whom a text can be: of a device or a place it is of none of them. */
  readonly textPatientIds: ReadonlySet<string> | undefined;
  readonly isAscending: boolean;
  /** By date, in which order readings and texts come by themselves. */
  readonly isByDate: boolean;
}

const known = new Map(observationParameters.map((one) => [one.name, one]));

/** Do streams and times answer it, without a look at what is made of them? */
function isOfStreams([key, value]: readonly [string, string]): boolean {
  const [name = "", modifier] = key.split(":");
  const parameter = known.get(name);
  if (!parameter || name === "_id" || key.includes(".")) return false;
  // "About then" is asked of each.
  if (name === "date" && /(^|,)\s*ap/.test(value)) return false;
  return modifier === undefined || (parameter.modifiers?.includes(modifier) ?? false);
}

/**
 * @throws RefusedInput FIELD_INVALID, PARAMETER_UNKNOWN naming the parameter; SEARCH_TOO_COSTLY of a chain
 */
export async function readObservationQuery(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
  inside?: CompartmentCondition,
): Promise<ObservationQuery> {
  // In an address, a plus that nobody escaped arrives as a space.
  const asked = [...pairs].map(([key, value]): [string, string] => [
    key,
    key.split(":", 1)[0] === "date" ? value.replaceAll(/ (?=\d\d:\d\d(,|$))/g, "+") : value,
  ]);
  for (const [key, value] of asked)
    if (known.has(key.split(":", 1)[0] ?? "") && value.trim() === "")
      throw new RefusedInput("FIELD_INVALID", { at: `http.${key.slice(0, 64)}`, expected: "a value" });
  const query = readQuery(context, TYPE, asked);
  const ofStreams = asked.filter(isOfStreams);
  const filter = observationFilter(
    parseQuery(
      [...ofStreams, ...asked.flatMap(codesIn), ...(inside?.readings ? [inside.readings] : [])],
      observationParameters,
      {
        strict: false,
        sorts: [],
      },
    ),
    context.base,
  );
  const others = asked.filter((pair) => !isOfStreams(pair));
  const quiet = { ...context, strict: false };
  const rest = [...readQuery(quiet, TYPE, others).conditions];
  const linked: Condition[] = [];
  for (const { asked: link, value } of query.linked) linked.push(await linkCondition(context, TYPE, link, value));
  rest.push(...linked);
  const dates = ofStreams.filter(([key]) => key === "date");
  const undated = asked.filter((pair) => pair[0] !== "date" || !isOfStreams(pair));
  const all = [...readQuery(quiet, TYPE, undated).conditions, ...linked, ...(inside ? [inside.condition] : [])];
  const wanted = dates.map(([, value]) => parseDates({ value, modifier: null, at: "http.date" }));
  const [sort] = query.sort;
  const patientIds = both(filter.patientIds, patientsIn(rest));
  const isByDate = query.sort.length === 0 || (query.sort.length === 1 && sort?.by === "span" && sort.key === "date");
  return {
    ...query,
    all,
    datesIn: (timeZone) => wanted.map((values) => dateCondition(values, timeZone)),
    filter,
    rest: rest.filter(({ kind }) => kind !== "ids"),
    isOfTexts: (inside && !inside.readings) || rest.some((one) => !hasSomeOf(OF_SUMMARIES, one)),
    isOfSummaries: rest.some((one) => !hasSomeOf(OF_READINGS, one)),
    isOfQuantities: rest.some((one) => !hasSomeOf(OF_WAVEFORMS, one)),
    ids: idsIn(all),
    patientIds,
    // What others wrote may be in a compartment by who performed it, whoever it is about.
    textPatientIds: inside || namesOthers(all) ? undefined : patientIds,
    isAscending: isByDate && sort !== undefined && !sort.isDescending,
    isByDate,
  };
}

/** "8480-6$gt140,8462-4$gt90" of a composite: code=8480-6,8462-4. */
function codesIn([key, value]: readonly [string, string]): [string, string][] {
  const name = CODES_OF[key];
  if (name === undefined) return [];
  const codes = value.split(/(?<!\\),/).map((one) => one.split(/(?<!\\)\$/, 1)[0] ?? "");
  return codes.every((code) => code !== "") ? [[name, codes.join(",")]] : [];
}

/** R4, "3.1.1.4.5 prefixes", of what lasts from one moment to another. */
function dateCondition(values: readonly DateValue[], timeZone: string): Condition {
  const anyOf = values.map((value) => {
    const { from: low, to } = spanOf(value, timeZone);
    return { key: "date", ...boundsOf(value.prefix, low, to - 1) };
  });
  return { kind: "spans", anyOf };
}

function boundsOf(prefix: DateValue["prefix"], low: number, high: number): Omit<SpanTest, "key"> {
  switch (prefix) {
    case "eq":
      return { lowFrom: low, highTo: high };
    case "ne":
      return { isNot: true, lowFrom: low, highTo: high };
    case "gt":
      return { highAbove: high };
    case "ge":
      return { highFrom: low };
    case "lt":
      return { lowBelow: low };
    case "le":
      return { lowTo: high };
    case "sa":
      return { lowAbove: high };
    case "eb":
      return { highBelow: low };
  }
}

const codeOf = (key: string): string => /^[\w-]+/.exec(key)?.[0] ?? "";

function hasSomeOf(known: ReadonlySet<string>, condition: Condition): boolean {
  switch (condition.kind) {
    case "terms":
      return condition.anyOf.some((term) => known.has(codeOf(term)));
    case "strings":
      return known.has(codeOf(condition.key));
    case "spans":
      return condition.anyOf.some(({ key }) => known.has(codeOf(key)));
    case "any":
      return condition.of.some((one) => hasSomeOf(known, one));
    case "all":
      return condition.of.every((one) => hasSomeOf(known, one));
    case "not":
    case "noTerms":
    case "ids":
    case "words":
    case "updated":
      return true;
  }
}

function idsIn(conditions: readonly Condition[]): ReadonlySet<string> | undefined {
  let ids: ReadonlySet<string> | undefined;
  for (const one of conditions) if (one.kind === "ids") ids = both(ids, new Set(one.ids));
  return ids;
}

/** A chain or a modifier that names patients names all that can match. */
function patientsIn(conditions: readonly Condition[]): ReadonlySet<string> | undefined {
  let ids: ReadonlySet<string> | undefined;
  for (const one of conditions) {
    if (one.kind !== "terms" || !one.anyOf.every((term) => /^(patient|subject)\t/.test(term))) continue;
    if (one.anyOf.some((term) => term.endsWith("\t?"))) continue;
    const named = one.anyOf.flatMap((term) => /\t(?:Patient)?\/([^/]+)$/.exec(term)?.[1] ?? []);
    ids = both(ids, new Set(named));
  }
  return ids;
}

/** Is what they are about asked for, and may be no patient? */
function namesOthers(conditions: readonly Condition[]): boolean {
  return conditions.some(
    (one) =>
      (one.kind === "terms" && one.anyOf.some((term) => /^subject\t(?!Patient\/|\/)/.test(term))) ||
      ((one.kind === "any" || one.kind === "all") && namesOthers(one.of)),
  );
}

function both(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (!a || !b) return a ?? b;
  return new Set([...a].filter((id) => b.has(id)));
}
