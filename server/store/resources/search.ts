import type { Condition, ListQuery, ResourceQuery, SortKey, SpanTest, StringTest, Whose } from "@openward/fhir/store";
import { hashOf } from "./hash.ts";

/** Text and values of one statement. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const COLUMNS =
  "r.type, r.id, r.version, r.updated_at, r.patient_id::text AS patient_id, r.other_patient_ids::text[] AS others, r.content";

/** Neither by its id, which names a reading, nor by the places that are kept beside it. */
const IS_NO_READING = `r.id !~ '^([rw][0-9a-f]{32}|p[0-9a-f]{44})[0-9a-z]{10,15}$' AND NOT EXISTS (SELECT FROM observation_reading o
    WHERE o.organisation_id = r.organisation_id AND o.resource_id = r.id)`;

/** What was filled in of Observations, as rows of resource are: of one form after the other. */
const FILLED_COLUMNS =
  "'Observation'::text AS type, r.id, 1 AS version, r.updated_at, r.patient_id::text AS patient_id, '{}'::text[] AS others, NULL::text AS content";
const FILLED = `(SELECT l.*, '{}'::uuid[] AS other_patient_ids, f.terms, f.words FROM observation_filled l
      WHERE l.patient_id = f.patient_id AND l.stream_id = f.stream_id AND l.form = f.number AND NOT l.is_superseded) r`;

/** Resources that are not deleted, in order, with the values that they are ordered by. */
export function searchStatement(query: ResourceQuery): Statement {
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  // Among equals the order in which they came to be, so that a page always ends somewhere.
  const sort: readonly SortKey[] = [...query.sort, { by: "number", isDescending: false }];
  const order = `ORDER BY ${sort.map(({ isDescending }, i) => `s${i} ${isDescending ? "DESC" : "ASC"}`).join(", ")} LIMIT ${put(query.limit)}`;
  const page = (columns: string, from: string, kept: Keeping) => {
    const keys = sort.map((key) => ({ ...key, text: sortText(query.type, key, put, kept) }));
    const after = query.after ? `WHERE ${afterText(keys, query.after, put)}` : "";
    const placed = keys.map(({ text: key }, i) => `${key} AS s${i}`).join(", ");
    const where = `${whereOf(query, put, kept)}${query.withoutReadings ? ` AND ${IS_NO_READING}` : ""}`;
    return `SELECT * FROM (SELECT ${columns}, ${placed} FROM ${from} WHERE ${where}) f ${after} ${order}`;
  };
  const whole = page(query.type === FILLED_TYPE ? `${COLUMNS}, ${BLANKS}` : COLUMNS, "resource r", "whole");
  // What was filled in is of a reading.
  if (query.type !== FILLED_TYPE || query.withoutReadings) return { text: whole, values };
  // Of each form a page at most: where it is sorted by date, that is as many rows of an index.
  const filled = page(`${FILLED_COLUMNS}, f.content AS form, r.effective, r.value`, FILLED, "filled");
  const text = `SELECT * FROM ((${whole}) UNION ALL
    (SELECT p.* FROM observation_form f CROSS JOIN LATERAL (${filled}) p ${order})) u ${order}`;
  return { text, values };
}

/** A resource that is kept whole has none. */
const BLANKS = "NULL::text AS form, NULL::text AS effective, NULL::text AS value";
const FILLED_TYPE = "Observation";

/** How it is kept: as a whole, or as a form and what was filled in. */
type Keeping = "whole" | "filled";

export function listStatement({ types, patientIds, since, after, limit, whose }: ListQuery): Statement {
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const parts = ["r.organisation_id = current_organisation()", "r.content IS NOT NULL"];
  if (types) parts.push(`r.type = ANY (${put(types)}::text[])`);
  if (patientIds) {
    const ids = `${put(patientIds)}::uuid[]`;
    parts.push(`(r.patient_id = ANY (${ids}) OR (r.other_patient_ids <> '{}' AND r.other_patient_ids && ${ids}))`);
  }
  if (since !== undefined) parts.push(`r.updated_at >= ${put(since)}`);
  if (after) parts.push(`(r.type, r.id) > (${put(after.type)}, ${put(after.id)})`);
  parts.push(...whoseText(whose, put));
  const end = `LIMIT ${put(limit)}`;
  const whole = `SELECT ${COLUMNS}, ${BLANKS} FROM resource r WHERE ${parts.join(" AND ")} ORDER BY r.type, r.id ${end}`;
  const isOver = after !== undefined && after.type > FILLED_TYPE;
  if (isOver || (types && !types.includes(FILLED_TYPE))) return { text: whole, values };
  const own = ["r.organisation_id = current_organisation()", "NOT r.is_superseded"];
  if (patientIds) own.push(`r.patient_id = ANY (${put(patientIds)}::uuid[])`);
  if (since !== undefined) own.push(`r.updated_at >= ${put(since)}`);
  if (after?.type === FILLED_TYPE) own.push(`r.id > ${put(after.id)}`);
  own.push(...whoseText(whose, put));
  const filled = `SELECT ${COLUMNS_OF_FILLED} FROM filled_observation r WHERE ${own.join(" AND ")} ORDER BY r.id ${end}`;
  const text = `SELECT * FROM ((${whole}) UNION ALL (${filled})) u ORDER BY type, id ${end}`;
  return { text, values };
}

export function countStatement(query: Pick<ResourceQuery, "type" | "conditions" | "whose">, atMost: number): Statement {
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const end = `LIMIT ${put(atMost)}`;
  const whole = `SELECT FROM resource r WHERE ${whereOf(query, put, "whole")} ${end}`;
  const filled = () => `SELECT FROM observation_form f CROSS JOIN LATERAL
    (SELECT FROM ${FILLED} WHERE ${whereOf(query, put, "filled")} ${end}) p ${end}`;
  const all = query.type === FILLED_TYPE ? `(${whole}) UNION ALL (${filled()}) ${end}` : whole;
  return { text: `SELECT count(*)::int AS n FROM (${all}) u`, values };
}

/** Of the view filled_observation. */
export const COLUMNS_OF_FILLED =
  "r.type, r.id, r.version, r.updated_at, r.patient_id::text AS patient_id, r.other_patient_ids::text[] AS others, NULL::text AS content, r.form, r.effective, r.value";

type Put = (value: unknown) => string;

function whereOf(
  { type, conditions, whose }: Pick<ResourceQuery, "type" | "conditions" | "whose">,
  put: Put,
  kept: Keeping,
): string {
  const parts = [
    "r.organisation_id = current_organisation()",
    ...(kept === "whole" ? [`r.type = ${put(type)}`, "r.content IS NOT NULL"] : []),
    ...conditions.map((one) => conditionText(type, one, put, kept)),
  ];
  return [...parts, ...whoseText(whose, put)].join(" AND ");
}

export function whoseText({ isWithoutPatients, onlyPatients, withoutPatients }: Whose, put: Put): string[] {
  if (isWithoutPatients) return ["r.patient_id IS NULL"];
  const parts: string[] = [];
  const about = (test: (ids: string) => string, ids: readonly string[]) =>
    parts.push(`(r.patient_id IS NULL OR ${test(`${put(ids)}::uuid[]`)})`);
  if (onlyPatients) about((ids) => `r.patient_id = ANY (${ids}) AND r.other_patient_ids <@ ${ids}`, onlyPatients);
  if (withoutPatients.length > 0)
    about((ids) => `r.patient_id <> ALL (${ids}) AND NOT r.other_patient_ids && ${ids}`, withoutPatients);
  return parts;
}

/** @param kept as a whole: `r` is a row of resource; filled in: `r` is a row of FILLED, and `f` its form */
export function conditionText(type: string, condition: Condition, put: Put, kept: Keeping = "whole"): string {
  const hashes = (terms: readonly string[]) => `${put(terms.map((term) => hashOf(type, term)))}::bigint[]`;
  switch (condition.kind) {
    case "terms":
      return `r.terms && ${hashes(condition.anyOf)}`;
    case "noTerms":
      return `NOT r.terms && ${hashes(condition.noneOf)}`;
    case "ids":
      return `r.id = ANY (${put(condition.ids)}::text[])`;
    case "words":
      return `r.words @@ websearch_to_tsquery('simple', ${put(condition.text)})`;
    case "strings": {
      const tests = condition.values.map((value) => stringText(condition.how, value, put));
      const some = `key = ${put(hashOf(type, condition.key))} AND (${tests.join(" OR ")})`;
      return kept === "filled"
        ? `EXISTS (SELECT FROM ${FORM_STRINGS} WHERE ${some})`
        : `r.number IN (SELECT number FROM resource_string WHERE ${some})`;
    }
    case "spans":
      return `(${condition.anyOf.map((test) => spanCondition(type, test, put, kept)).join(" OR ")})`;
    case "updated":
      return `(${condition.anyOf
        .map((test) => `${test.isNot ? "NOT " : ""}(${boundsOf(test, "r.updated_at", "r.updated_at", put)})`)
        .join(" OR ")})`;
    case "any":
      return condition.of.length === 0
        ? "false"
        : `(${condition.of.map((one) => conditionText(type, one, put, kept)).join(" OR ")})`;
    case "all":
      return condition.of.length === 0
        ? "true"
        : `(${condition.of.map((one) => conditionText(type, one, put, kept)).join(" AND ")})`;
    case "not":
      return `NOT (${conditionText(type, condition.of, put, kept)})`;
  }
}

const COMPARED = { less: "<", atMost: "<=", greater: ">", atLeast: ">=" } as const;

function stringText(how: StringTest, value: string, put: Put): string {
  switch (how) {
    case "exact":
      return `value = ${put(value)}`;
    case "begins":
      return `folded LIKE ${put(`${escapeLike(value)}%`)}`;
    case "contains":
      return `folded LIKE ${put(`%${escapeLike(value)}%`)}`;
    case "ends":
      return `folded LIKE ${put(`%${escapeLike(value)}`)}`;
    case "is":
      return `folded = ${put(value)}`;
    case "isNot":
      return `folded <> ${put(value)}`;
    default:
      return `folded COLLATE "C" ${COMPARED[how]} ${put(value)}`;
  }
}

const FORM_STRINGS = "unnest(f.string_keys, f.string_values, f.string_folded) AS s (key, value, folded)";
/** The one span of a date that something filled in has. */
const DATE = hashOf(FILLED_TYPE, "date");

function spanCondition(type: string, test: SpanTest, put: Put, kept: Keeping): string {
  if (kept === "filled") return filledSpan(test, hashOf(type, test.key), put);
  const inner = `SELECT number FROM resource_span WHERE key = ${put(hashOf(type, test.key))}`;
  const bounds = boundsOf(test, "low", "high", put);
  return test.isNot ? `r.number IN (${inner} AND NOT (${bounds}))` : `r.number IN (${inner} AND ${bounds})`;
}

function filledSpan(test: SpanTest, key: string, put: Put): string {
  const is = (low: string, high: string) => {
    const bounds = boundsOf(test, low, high, put);
    return test.isNot ? `NOT (${bounds})` : bounds;
  };
  if (key === DATE) return is("r.at", "r.at_end");
  const named = put(key);
  return `((${named} = ANY (f.amount_keys) AND ${is("r.amount", "r.amount")}) OR (${named} = ANY (f.base_keys) AND ${is("r.base_amount", "r.base_amount")}))`;
}

function boundsOf(test: Omit<SpanTest, "key">, low: string, high: string, put: Put): string {
  const parts: string[] = [];
  const add = (bound: number | undefined, text: (value: string) => string) => {
    if (bound !== undefined) parts.push(text(`${put(bound)}::double precision`));
  };
  add(test.lowFrom, (value) => `${low} >= ${value}`);
  add(test.lowTo, (value) => `${low} <= ${value}`);
  add(test.highFrom, (value) => `${high} >= ${value}`);
  add(test.highTo, (value) => `${high} <= ${value}`);
  add(test.lowBelow, (value) => `${low} < ${value}`);
  add(test.highAbove, (value) => `${high} > ${value}`);
  add(test.lowAbove, (value) => `${low} > ${value}`);
  add(test.highBelow, (value) => `${high} < ${value}`);
  return parts.length === 0 ? "true" : parts.join(" AND ");
}

const escapeLike = (value: string): string => value.replaceAll(/[\\%_]/g, "\\$&");

/** Of spans where they begin: an open one ends nowhere. What has no such value stands at the end of either order. */
function sortText(type: string, { by, key = "", orKey, isDescending }: SortKey, put: Put, kept: Keeping): string {
  const keys = [key, ...(orKey === undefined ? [] : [orKey])].map((one) => hashOf(type, one));
  const of = (table: string, column: string) =>
    `(SELECT ${isDescending ? "max" : "min"}(${column}) FROM ${table} WHERE number = r.number AND key = ANY (${put(keys)}::bigint[]))`;
  switch (by) {
    case "updated":
      return "r.updated_at";
    case "id":
      return 'r.id COLLATE "C"';
    case "number":
      return "r.number";
    case "span": {
      if (kept === "filled" && keys.includes(DATE)) return "r.at::double precision";
      const amount = () => {
        const named = `${put(keys)}::bigint[]`;
        return `CASE WHEN f.amount_keys && ${named} THEN r.amount WHEN f.base_keys && ${named} THEN r.base_amount END`;
      };
      const low = kept === "filled" ? amount() : of("resource_span", "low");
      return `coalesce(${low}, '${isDescending ? "-infinity" : "infinity"}')`;
    }
    case "string": {
      const folded = () =>
        `(SELECT ${isDescending ? "max" : "min"}(folded) FROM ${FORM_STRINGS} WHERE key = ANY (${put(keys)}::bigint[]))`;
      const first = kept === "filled" ? folded() : of("resource_string", "folded");
      return `coalesce(${first}, ${isDescending ? "''" : "U&'\\FFFF'"}) COLLATE "C"`;
    }
  }
}

interface Key extends SortKey {
  readonly text: string;
}

/** Behind a place: further in the first key, or equal in it and further in the next. */
function afterText(keys: readonly Key[], place: readonly (string | number)[], put: Put): string {
  const ways = keys.map((key, i) => {
    const equal = keys.slice(0, i).map((_, j) => `s${j} = ${placeText(keys[j] as Key, place[j], put)}`);
    const further = `s${i} ${key.isDescending ? "<" : ">"} ${placeText(key, place[i], put)}`;
    return `(${[...equal, further].join(" AND ")})`;
  });
  return ways.join(" OR ");
}

function placeText({ by }: Key, value: string | number | undefined, put: Put): string {
  const cast = by === "updated" || by === "number" ? "bigint" : by === "span" ? "double precision" : "text";
  return `${put(value)}::${cast}${cast === "text" ? ' COLLATE "C"' : ""}`;
}
