import { RefusedInput } from "@openward/errors";
import { type Fhir, type FhirObject, isObject } from "../json/index.ts";

export const FORMAT = "fhirpath-patch";
const OPERATIONS_MAX = 1000;
const PARTS_DEPTH_MAX = 20;
const VALUE = /^value([A-Z][A-Za-z0-9]*)$/;

/** The content of an operation: one value of a datatype, the parts of an element that has no datatype of its own, or a resource. */
export type Content =
  | {
      readonly kind: "value";
      readonly type: string;
      readonly value: Fhir | undefined;
      readonly extra: Fhir | undefined;
    }
  | { readonly kind: "parts"; readonly parts: readonly Part[] }
  | { readonly kind: "resource"; readonly resource: FhirObject };

export interface Part {
  readonly name: string;
  readonly content: Content;
  /** Where it stands in the Parameters, as FHIRPath. */
  readonly place: string;
}

export interface Operation {
  readonly type: "add" | "insert" | "delete" | "replace" | "move";
  readonly path: string;
  readonly place: string;
  readonly name: string;
  readonly value: Part | undefined;
  readonly index: number;
  readonly source: number;
  readonly destination: number;
}

/** What each operation has besides type and path; nothing else may stand there. */
const NEEDS: Readonly<Record<Operation["type"], readonly string[]>> = {
  add: ["name", "value"],
  insert: ["value", "index"],
  delete: [],
  replace: ["value"],
  move: ["source", "destination"],
};

/**
 * The operations of a Parameters resource.
 *
 * @throws RefusedInput PATCH_INVALID; `at` is the place in the Parameters
 * @source HL7 FHIR R4, fhirpatch.html
 */
export function readOperations(parameters: Fhir): Operation[] {
  if (!isObject(parameters) || parameters.resourceType !== "Parameters")
    throw invalid("Parameters", "a Parameters resource");
  const all = listOf(parameters.parameter, "Parameters.parameter");
  if (all.length > OPERATIONS_MAX) throw invalid("Parameters.parameter", `at most ${OPERATIONS_MAX} operations`);
  return all.map((one, i) => readOperation(one, `Parameters.parameter[${i}]`));
}

function readOperation(parameter: FhirObject, place: string): Operation {
  if (parameter.name !== "operation") throw invalid(`${place}.name`, "operation");
  const parts = new Map<string, FhirObject>();
  const places = new Map<string, string>();
  for (const [i, part] of listOf(parameter.part, `${place}.part`).entries()) {
    const { name } = part;
    if (typeof name !== "string") throw invalid(`${place}.part[${i}].name`, "a name");
    if (parts.has(name)) throw invalid(`${place}.part[${i}].name`, "each part once");
    parts.set(name, part);
    places.set(name, `${place}.part[${i}]`);
  }
  const type = parts.get("type")?.valueCode ?? parts.get("type")?.valueString;
  if (typeof type !== "string" || !Object.hasOwn(NEEDS, type))
    throw invalid(places.get("type") ?? place, `a type: ${Object.keys(NEEDS).join(", ")}`);
  const needs = NEEDS[type as Operation["type"]];
  for (const name of ["path", ...needs])
    if (!parts.has(name)) throw invalid(place, `a part ${name}, which ${type} needs`);
  for (const [name, at] of places)
    if (name !== "type" && name !== "path" && !needs.includes(name)) throw invalid(at, `no part ${type} does not have`);
  const text = (name: string): string => {
    const value = parts.get(name)?.valueString;
    if (!needs.includes(name) && name !== "path") return "";
    if (typeof value !== "string" || value === "") throw invalid(`${places.get(name)}.valueString`, "text");
    return value;
  };
  const whole = (name: string): number => {
    const value = parts.get(name)?.valueInteger;
    if (!needs.includes(name)) return 0;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      throw invalid(`${places.get(name)}.valueInteger`, "an index from 0");
    return value;
  };
  const value = parts.get("value");
  return {
    type: type as Operation["type"],
    path: text("path"),
    place,
    name: text("name"),
    value: value && readPart(value, places.get("value") ?? place, 0),
    index: whole("index"),
    source: whole("source"),
    destination: whole("destination"),
  };
}

function readPart(part: FhirObject, place: string, depth: number): Part {
  const { name, part: parts, resource } = part;
  if (typeof name !== "string" || !/^[A-Za-z][A-Za-z0-9]*$/.test(name))
    throw invalid(`${place}.name`, "the name of an element");
  if (depth > PARTS_DEPTH_MAX) throw invalid(place, `at most ${PARTS_DEPTH_MAX} levels of parts`);
  const values = new Set(
    Object.keys(part).flatMap((key) => VALUE.exec(key.startsWith("_") ? key.slice(1) : key)?.[1] ?? []),
  );
  if (values.size + (parts === undefined ? 0 : 1) + (resource === undefined ? 0 : 1) !== 1)
    throw invalid(place, "one value, or parts, or a resource");
  const [type] = values;
  if (type !== undefined)
    return { name, place, content: { kind: "value", type, value: part[`value${type}`], extra: part[`_value${type}`] } };
  if (resource !== undefined) {
    if (!isObject(resource)) throw invalid(`${place}.resource`, "a resource");
    return { name, place, content: { kind: "resource", resource } };
  }
  const inner = listOf(parts, `${place}.part`).map((one, i) => readPart(one, `${place}.part[${i}]`, depth + 1));
  if (inner.length === 0) throw invalid(`${place}.part`, "at least one part");
  return { name, place, content: { kind: "parts", parts: inner } };
}

function listOf(value: Fhir | undefined, place: string): FhirObject[] {
  const items = value ?? [];
  if (!Array.isArray(items) || !items.every(isObject)) throw invalid(place, "an array of objects");
  return items;
}

const invalid = (at: string, expected: string) => new RefusedInput("PATCH_INVALID", { format: FORMAT, at, expected });
