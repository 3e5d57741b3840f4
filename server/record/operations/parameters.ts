import type { Coding, Parameters, ParametersParameter } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";

/** What an operation is given: in the address of a GET, or as Parameters of a POST. */
export interface Given {
  text(name: string): string | undefined;
  /** A whole number from 0. */
  whole(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** Codings of a parameter of that type, or of a CodeableConcept. */
  codings(name: string): readonly Coding[];
}

type Value = string | number | boolean | Coding[];
const PARAMETERS_MAX = 100;
const VALUE = /^value[A-Z]/;

/**
 * @param known names that the operation has
 * @throws RefusedInput PARAMETER_UNKNOWN for another name, FIELD_INVALID, BODY_SHAPE; `at` is the place
 */
export function readGiven(query: URLSearchParams, body: unknown, known: ReadonlySet<string>): Given {
  const values = new Map<string, { value: Value; at: string }>();
  const put = (name: string, value: Value, at: string) => {
    if (!known.has(name)) throw new RefusedInput("PARAMETER_UNKNOWN", { at, expected: [...known].join(", ") });
    if (values.has(name)) throw new RefusedInput("FIELD_INVALID", { at, expected: `one ${name}` });
    values.set(name, { value, at });
  };
  for (const [name, value] of query)
    if (name !== "_format" && name !== "_pretty") put(name, value, `http.${name.slice(0, 64)}`);
  if (body !== undefined && body !== null)
    for (const [i, one] of parametersOf(body).entries()) {
      const at = `Parameters.parameter[${i}]`;
      put(one.name, contentOf(one, at), at);
    }
  const read = <T extends Value>(
    name: string,
    parse: (value: Value) => T | undefined,
    expected: string,
  ): T | undefined => {
    const found = values.get(name);
    if (!found) return undefined;
    const parsed = parse(found.value);
    if (parsed === undefined) throw new RefusedInput("FIELD_INVALID", { at: found.at, expected });
    return parsed;
  };
  return {
    text: (name) => read(name, (value) => (typeof value === "string" && value !== "" ? value : undefined), "text"),
    whole: (name) =>
      read(
        name,
        (value) => (/^\d{1,9}$/.test(String(value)) && !Array.isArray(value) ? Number(value) : undefined),
        "a whole number from 0",
      ),
    flag: (name) =>
      read(
        name,
        (value) => (String(value) === "true" ? true : String(value) === "false" ? false : undefined),
        "true or false",
      ),
    codings: (name) =>
      read(name, (value) => (Array.isArray(value) ? value : undefined), "a coding, in Parameters") ?? [],
  };
}

function parametersOf(body: unknown): readonly ParametersParameter[] {
  const { resourceType, parameter = [] } = body as Partial<Parameters>;
  if (resourceType !== "Parameters" || !Array.isArray(parameter) || parameter.length > PARAMETERS_MAX)
    throw new RefusedInput("BODY_SHAPE", { at: "Parameters", expected: `Parameters, at most ${PARAMETERS_MAX}` });
  for (const [i, one] of (parameter as unknown[]).entries())
    if (typeof one !== "object" || one === null || typeof (one as ParametersParameter).name !== "string")
      throw new RefusedInput("BODY_SHAPE", { at: `Parameters.parameter[${i}]`, expected: "a name and a value" });
  return parameter;
}

function contentOf(parameter: ParametersParameter, at: string): Value {
  const [key, value] = Object.entries(parameter).find(([name]) => VALUE.test(name)) ?? [];
  if (key === "valueCoding" && isCoding(value)) return [value];
  if (key === "valueCodeableConcept" && typeof value === "object" && value !== null) {
    const { coding } = value as { coding?: unknown };
    if (Array.isArray(coding) && coding.length > 0 && coding.length <= PARAMETERS_MAX && coding.every(isCoding))
      return coding;
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new RefusedInput("FIELD_INVALID", {
    at,
    expected: "a value of a primitive type, a Coding or a CodeableConcept with codings",
  });
}

function isCoding(value: unknown): value is Coding {
  if (typeof value !== "object" || value === null) return false;
  return (["system", "code", "display", "version"] as const).every((name) => {
    const one = (value as Record<string, unknown>)[name];
    return one === undefined || typeof one === "string";
  });
}
