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

/** Resources that are not deleted, in order, with the values that they are ordered by. */
export function searchStatement(query: ResourceQuery): Statement {
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  // Among equals the order in which they came to be, so that a page always ends somewhere.
  const sort: readonly SortKey[] = [...query.sort, { by: "number", isDescending: false }];
  const keys = sort.map((key) => ({ ...key, text: sortText(query.type, key, put) }));
  const where = `${whereOf(query, put)}${query.withoutReadings ? ` AND ${IS_NO_READING}` : ""}`;
  const after = query.after ? `AND (${afterText(keys, query.after, put)})` : "";
  const text = `SELECT * FROM (SELECT ${COLUMNS}, ${keys.map(({ text: key }, i) => `${key} AS s${i}`).join(", ")}
      FROM resource r WHERE ${where}) f WHERE true ${after}
    ORDER BY ${keys.map(({ isDescending }, i) => `s${i} ${isDescending ? "DESC" : "ASC"}`).join(", ")} LIMIT ${put(query.limit)}`;
  return { text, values };
}

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
  const text = `SELECT ${COLUMNS} FROM resource r WHERE ${parts.join(" AND ")} ORDER BY r.type, r.id LIMIT ${put(limit)}`;
  return { text, values };
}

export function countStatement(query: Pick<ResourceQuery, "type" | "conditions" | "whose">, atMost: number): Statement {
  const values: unknown[] = [];
  const put = (value: unknown): string => `$${values.push(value)}`;
  const where = whereOf(query, put);
  return {
    text: `SELECT count(*)::int AS n FROM (SELECT FROM resource r WHERE ${where} LIMIT ${put(atMost)}) f`,
    values,
  };
}

type Put = (value: unknown) => string;

function whereOf({ type, conditions, whose }: Pick<ResourceQuery, "type" | "conditions" | "whose">, put: Put): string {
  const parts = [
    "r.organisation_id = current_organisation()",
    `r.type = ${put(type)}`,
    "r.content IS NOT NULL",
    ...conditions.map((one) => conditionText(type, one, put)),
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

export function conditionText(type: string, condition: Condition, put: Put): string {
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
      return `r.number IN (SELECT number FROM resource_string WHERE key = ${put(hashOf(type, condition.key))} AND (${tests.join(" OR ")}))`;
    }
    case "spans":
      return `(${condition.anyOf.map((test) => spanCondition(type, test, put)).join(" OR ")})`;
    case "updated":
      return `(${condition.anyOf
        .map((test) => `${test.isNot ? "NOT " : ""}(${boundsOf(test, "r.updated_at", "r.updated_at", put)})`)
        .join(" OR ")})`;
    case "any":
      return condition.of.length === 0
        ? "false"
        : `(${condition.of.map((one) => conditionText(type, one, put)).join(" OR ")})`;
    case "all":
      return condition.of.length === 0
        ? "true"
        : `(${condition.of.map((one) => conditionText(type, one, put)).join(" AND ")})`;
    case "not":
      return `NOT (${conditionText(type, condition.of, put)})`;
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

function spanCondition(type: string, test: SpanTest, put: Put): string {
  const inner = `SELECT number FROM resource_span WHERE key = ${put(hashOf(type, test.key))}`;
  const bounds = boundsOf(test, "low", "high", put);
  return test.isNot ? `r.number IN (${inner} AND NOT (${bounds}))` : `r.number IN (${inner} AND ${bounds})`;
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
function sortText(type: string, { by, key = "", orKey, isDescending }: SortKey, put: Put): string {
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
    case "span":
      return `coalesce(${of("resource_span", "low")}, '${isDescending ? "-infinity" : "infinity"}')`;
    case "string":
      return `coalesce(${of("resource_string", "folded")}, ${isDescending ? "''" : "U&'\\FFFF'"}) COLLATE "C"`;
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
