import { RefusedInput } from "@openward/errors";
import { copyFhir, equalFhir, type Fhir, type FhirObject, isObject, type Resource } from "../json/index.ts";
import { refuseIdentityChange } from "./identity.ts";

const FORMAT = "json-patch+json";
const OPERATIONS_MAX = 1000;
/** Copies of copies double what is there each time. */
const COPIED_MAX = 200_000;
const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;
/** Names under which an object of the language has what is not its own; FHIR has none of them. */
const DANGEROUS = new Set(["__proto__", "constructor", "prototype"]);
const NEEDS = {
  add: ["path", "value"],
  remove: ["path"],
  replace: ["path", "value"],
  move: ["from", "path"],
  copy: ["from", "path"],
  test: ["path", "value"],
} as const;

type Op = keyof typeof NEEDS;

interface Operation {
  readonly op: Op;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: Fhir;
}

/**
 * A JSON Patch on a resource: all of it or, with an error, nothing. What was given is left as it was, and decimals keep their text.
 *
 * @param operations the body of the request, as `parseFhir` reads it
 * @returns a new resource
 * @throws RefusedInput PATCH_INVALID where it is no JSON Patch, PATCH_REFUSED where it does not fit the resource (a `test` that fails,
 *   a place that is not there, another id or type); `at` names the operation, as [3].path
 * @source RFC 6902 (JSON Patch), RFC 6901 (JSON Pointer); HL7 FHIR R4, http.html#patch
 */
export function applyJsonPatch(resource: Resource, operations: Fhir): Resource {
  if (!Array.isArray(operations)) throw invalid("", "an array of operations");
  if (operations.length > OPERATIONS_MAX) throw invalid("", `at most ${OPERATIONS_MAX} operations`);
  const read = operations.map(readOperation);
  // The root stands in an object of its own, so that it has a place like everything else.
  const document: { root: Fhir } = { root: copyFhir(resource) };
  let copied = 0;
  for (const [i, operation] of read.entries()) {
    const place = `[${i}]`;
    if (operation.op === "copy") {
      copied += nodesIn(valueAt(document, operation.from, `${place}.from`));
      if (copied > COPIED_MAX) throw refused(`${place}.from`, "less to copy");
    }
    apply(document, operation, place);
    refuseIdentityChange(resource, document.root, `${place}.path`);
  }
  return document.root as Resource;
}

function readOperation(operation: Fhir, i: number): Operation {
  const place = `[${i}]`;
  if (!isObject(operation)) throw invalid(place, "an operation");
  const { op } = operation;
  if (typeof op !== "string" || !Object.hasOwn(NEEDS, op)) throw invalid(`${place}.op`, Object.keys(NEEDS).join(", "));
  for (const name of NEEDS[op as Op])
    if (operation[name] === undefined) throw invalid(`${place}.${name}`, `what ${op} needs`);
  const pointer = (name: "path" | "from") =>
    (NEEDS[op as Op] as readonly string[]).includes(name) ? tokensOf(operation[name], `${place}.${name}`) : [];
  const [path, from] = [pointer("path"), pointer("from")];
  if (op === "move" && from.length < path.length && from.every((token, at) => token === path[at]))
    throw invalid(`${place}.path`, "a place that is not inside what is moved");
  return { op: op as Op, path, from, value: operation.value ?? null };
}

/** @source RFC 6901, 3 and 4 */
function tokensOf(pointer: Fhir | undefined, place: string): string[] {
  if (typeof pointer !== "string" || (pointer !== "" && pointer[0] !== "/") || /~(?![01])/.test(pointer))
    throw invalid(place, "a JSON Pointer");
  const tokens = pointer.split("/").slice(1);
  if (tokens.some((token) => DANGEROUS.has(token))) throw invalid(place, "names of FHIR");
  return ["root", ...tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"))];
}

function apply(document: FhirObject, { op, path, from, value }: Operation, place: string): void {
  switch (op) {
    case "add":
      return void add(document, path, copyFhir(value), place);
    case "remove":
      return void remove(document, path, `${place}.path`);
    case "replace": {
      valueAt(document, path, `${place}.path`);
      const [parent, name] = parentAt(document, path, `${place}.path`);
      // An array takes its index as text as well.
      (parent as FhirObject)[name] = copyFhir(value);
      return;
    }
    case "move":
      return void add(document, path, remove(document, from, `${place}.from`), place);
    case "copy":
      return void add(document, path, copyFhir(valueAt(document, from, `${place}.from`)), place);
    case "test":
      // What is there is not told: it may be a value of the patient.
      if (!equalFhir(valueAt(document, path, `${place}.path`), value))
        throw refused(`${place}.path`, "the value that the test names");
  }
}

function add(document: FhirObject, path: readonly string[], value: Fhir, place: string): void {
  const [parent, name] = parentAt(document, path, `${place}.path`);
  if (!Array.isArray(parent)) {
    parent[name] = value;
    return;
  }
  const index = name === "-" ? parent.length : INDEX.test(name) ? Number(name) : Number.NaN;
  if (!(index <= parent.length)) throw refused(`${place}.path`, `an index up to ${parent.length}, or -`);
  parent.splice(index, 0, value);
}

function remove(document: FhirObject, path: readonly string[], place: string): Fhir {
  const value = valueAt(document, path, place);
  const [parent, name] = parentAt(document, path, place);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return value;
}

function valueAt(document: Fhir, path: readonly string[], place: string): Fhir {
  let value: Fhir | undefined = document;
  for (const token of path) {
    if (Array.isArray(value)) value = INDEX.test(token) ? value[Number(token)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
    if (value === undefined) throw refused(place, "a place that is there");
  }
  return value;
}

function parentAt(document: FhirObject, path: readonly string[], place: string): [FhirObject | Fhir[], string] {
  const parent = valueAt(document, path.slice(0, -1), place);
  if (!Array.isArray(parent) && !isObject(parent)) throw refused(place, "a place in an object or an array");
  return [parent, path.at(-1) ?? ""];
}

function nodesIn(value: Fhir | undefined): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + nodesIn(item), 1);
  if (!isObject(value)) return typeof value === "string" ? 1 + value.length / 100 : 1;
  return Object.values(value).reduce((sum: number, item) => sum + nodesIn(item), 1);
}

const invalid = (at: string, expected: string) =>
  new RefusedInput("PATCH_INVALID", { format: FORMAT, ...(at === "" ? {} : { at }), expected });

const refused = (at: string, expected: string) => new RefusedInput("PATCH_REFUSED", { format: FORMAT, at, expected });
