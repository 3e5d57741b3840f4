import type { ParametersParameter, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "../context.ts";

/** Where an operation is asked for: "Patient/$match" is a type, "Condition/1/_history/2/$meta" a version. */
export interface OperationPlace {
  /** undefined: the system. */
  readonly type: string | undefined;
  readonly id: string | undefined;
  readonly version: string | undefined;
  /** Without its dollar. */
  readonly name: string;
}

/** One request for an operation. */
export interface OperationRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** JSON, or the fields of a form. */
  readonly body: unknown;
  readonly prefer: string | undefined;
}

export interface OperationAnswer {
  readonly status: number;
  readonly resource: Resource;
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation of R4, or of an implementation guide. */
export interface Operation {
  /** Without its dollar. */
  readonly name: string;
  /** Canonical address of its OperationDefinition. */
  readonly definition: string;
  /** Where it may be asked: of the whole server, of these types, of one resource of these; "written": of each that is kept as it was written. */
  readonly system?: boolean;
  readonly types?: readonly string[];
  readonly instances?: readonly string[];
  /** It changes something: GET is refused. */
  readonly isChange?: boolean;
  /** Only in this form. */
  readonly method?: "GET" | "POST";
  answer(context: RecordContext, place: OperationPlace, request: OperationRequest): Promise<OperationAnswer>;
}

const PLACE =
  /^(?:([A-Z][A-Za-z]{1,63})\/(?:([A-Za-z0-9.-]{1,64})\/(?:_history\/([A-Za-z0-9.-]{1,64})\/)?)?)?(?:\$|%24)([a-z][a-z-]{0,40})$/;

/** @param path behind the base, without the query */
export function operationPlace(path: string): OperationPlace | undefined {
  const [whole, type, id, version, name = ""] = PLACE.exec(path) ?? [];
  return whole === undefined ? undefined : { type, id, version, name };
}

const PARAMETERS_MAX = 200;

/**
 * Names and values as they stand in the address, in a form, or as Parameters of primitives.
 *
 * @throws RefusedInput BODY_SHAPE
 */
export function pairsOf({ query, body }: Pick<OperationRequest, "query" | "body">): [string, string][] {
  const pairs = [...query];
  if (body === undefined || body === null) return pairs;
  const { resourceType, parameter } = body as { resourceType?: unknown; parameter?: unknown };
  if (resourceType === undefined) {
    for (const [name, value] of Object.entries(body))
      for (const one of Array.isArray(value) ? value : [value]) pairs.push([name, String(one)]);
    return pairs;
  }
  if (
    resourceType !== "Parameters" ||
    !Array.isArray(parameter ?? []) ||
    ((parameter as unknown[]) ?? []).length > PARAMETERS_MAX
  )
    throw new RefusedInput("BODY_SHAPE", { at: "Parameters", expected: `Parameters, at most ${PARAMETERS_MAX}` });
  for (const [i, one] of ((parameter ?? []) as ParametersParameter[]).entries()) {
    const at = `Parameters.parameter[${i}]`;
    const value = Object.entries(one ?? {}).find(([key]) => /^value[A-Z]/.test(key))?.[1] as unknown;
    const reference = (value as { reference?: unknown } | undefined)?.reference;
    const text = typeof reference === "string" ? reference : value;
    if (typeof one?.name !== "string" || !["string", "number", "boolean"].includes(typeof text))
      throw new RefusedInput("BODY_SHAPE", { at, expected: "a name and a value of a primitive type" });
    pairs.push([one.name, String(text)]);
  }
  return pairs;
}

/** One parameter's value that may be there once, taken out of the others. @throws RefusedInput FIELD_INVALID */
export function takeOne(pairs: [string, string][], name: string): string | undefined {
  const found = pairs.filter(([key]) => key === name);
  if (found.length > 1) throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: `one ${name}` });
  for (const one of found) pairs.splice(pairs.indexOf(one), 1);
  return found[0]?.[1];
}

/** @throws RefusedInput FIELD_INVALID */
export function positive(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: `a whole number from 1 to ${most}` });
  return Math.min(Number(text), most);
}
