import { RefusedInput } from "@openward/errors";
import type { Question } from "./protocol.ts";

const PLACE = /^(?:([A-Z][A-Za-z]{1,40})\/([A-Za-z0-9.-]{1,64})\/)?\$graphql$/;
const QUERY_MAX = 16_384;

/** Of "$graphql" and "Patient/1/$graphql"; undefined: another address. */
export function graphqlPlace(path: string): { readonly instance: Question["instance"] } | undefined {
  const found = PLACE.exec(path);
  if (!found) return undefined;
  const [, type, id] = found;
  return { instance: type !== undefined && id !== undefined ? { type, id } : undefined };
}

/**
 * What is asked, by GET (?query=), by POST of JSON, or by POST of the query itself.
 *
 * @throws RefusedInput BODY_SHAPE, FIELD_INVALID
 */
export function readQuestion(query: URLSearchParams, body: unknown, instance: Question["instance"]): Question {
  const sent = typeof body === "string" ? { query: body } : isObject(body) ? body : {};
  const text = sent.query ?? query.get("query");
  if (typeof text !== "string" || text.trim() === "" || text.length > QUERY_MAX)
    throw new RefusedInput("FIELD_INVALID", {
      at: "query",
      expected: `a GraphQL query of at most ${QUERY_MAX} characters`,
    });
  const operationName = sent.operationName ?? query.get("operationName") ?? undefined;
  const variables = sent.variables ?? variablesIn(query.get("variables"));
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    throw new RefusedInput("FIELD_INVALID", { at: "operationName", expected: "a name" });
  if (variables !== undefined && variables !== null && !isObject(variables))
    throw new RefusedInput("FIELD_INVALID", { at: "variables", expected: "an object" });
  // Decimals know their text: what goes to the thread is plain.
  const plain = isObject(variables) ? (JSON.parse(JSON.stringify(variables)) as Record<string, unknown>) : undefined;
  return { query: text, operationName: operationName ?? undefined, variables: plain, instance };
}

function variablesIn(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedInput("FIELD_INVALID", { at: "variables", expected: "JSON" });
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
