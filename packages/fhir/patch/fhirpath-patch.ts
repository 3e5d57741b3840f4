import { RefusedInput } from "@openward/errors";
import { copyFhir, type Fhir, type FhirObject, isObject, type Resource } from "../json/index.ts";
import { choiceOf, type Definition, elementOf, type FhirNode, fhirPath } from "../path/index.ts";
import { contentOf, type Written } from "./content.ts";
import { refuseIdentityChange } from "./identity.ts";
import { FORMAT, type Operation, readOperations } from "./parameters.ts";
import { fieldsIn, inList, type Place, put, takeOut } from "./place.ts";

/**
 * A FHIRPath Patch on a resource: all of it or, with an error, nothing. What was given is left as it was, and decimals keep their
 * text. A path of `delete` may find nothing; any other finds one element, those of `insert` and `move` one list.
 *
 * @param parameters a Parameters resource, as `parseFhir` reads it
 * @returns a new resource
 * @throws RefusedInput PATCH_INVALID where it is no FHIRPath Patch, PATH_INVALID, PATH_TOO_COSTLY, PATCH_REFUSED where it does not
 *   fit the resource; `at` is the place in the Parameters
 * @source HL7 FHIR R4, fhirpatch.html
 */
export function applyFhirPathPatch(resource: Resource, parameters: Fhir): Resource {
  const root = copyFhir(resource);
  for (const operation of readOperations(parameters)) {
    apply(root, operation);
    refuseIdentityChange(resource, root, operation.place);
  }
  return root;
}

function apply(root: Resource, operation: Operation): void {
  const nodes = nodesOf(root, operation);
  switch (operation.type) {
    case "add":
      return void add(root, one(nodes, operation), operation);
    case "replace": {
      const { place, definition } = placeOf(root, one(nodes, operation), operation);
      return void put(place, written(operation, definition, place.name), definition.choices);
    }
    case "delete":
      if (nodes.length > 0) takeOut(placeOf(root, one(nodes, operation), operation).place);
      return void prune(root);
    case "insert": {
      const list = listOf(root, nodes, operation);
      if (operation.index > list.length) throw refused(operation, "index", `an index up to ${list.length}`);
      return void inList(list.place, operation.index, written(operation, list.definition, list.place.name));
    }
    case "move": {
      const { place, length } = listOf(root, nodes, operation);
      for (const name of ["source", "destination"] as const)
        if (operation[name] >= length) throw refused(operation, name, `an index up to ${length - 1}`);
      return void inList(place, operation.destination, takeOut({ ...place, index: operation.source }));
    }
  }
}

function nodesOf(root: Resource, operation: Operation): (FhirNode | null)[] {
  try {
    return fhirPath(operation.path).nodes(root);
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    throw new RefusedInput(
      error.code,
      { ...error.facts, at: `${operation.place}.part.where(name='path')` },
      { cause: error },
    );
  }
}

function one(nodes: readonly (FhirNode | null)[], operation: Operation): FhirNode {
  const [node] = nodes;
  if (nodes.length !== 1 || !node) throw refused(operation, "path", `one element, where ${nodes.length} are found`);
  return node;
}

function add(root: Resource, node: FhirNode, operation: Operation): void {
  const target = objectAt(root, node);
  const type = node.type ?? root.resourceType;
  const choice = choiceOf(type, operation.name);
  const name = choice?.stem ?? operation.name.replace(/\[x\]$/, "");
  const definition = choice?.definition ?? elementOf(type, name);
  if (!definition || name === "resourceType") throw refused(operation, "name", `the name of an element of ${type}`);
  const content = written(operation, definition, name);
  if (definition.repeats)
    return void inList({ holder: target, name, index: null }, fieldsIn(target, name).length, content);
  if (definition.choices?.some((suffix) => has(target, `${name}${suffix}`)) || has(target, name))
    throw refused(operation, "path", `no ${name} there yet`);
  put({ holder: target, name, index: null }, content, definition.choices);
}

const has = (holder: FhirObject, name: string) => holder[name] !== undefined || holder[`_${name}`] !== undefined;

function written(operation: Operation, definition: Definition, name: string): Written {
  if (!operation.value) throw refused(operation, "value", "a value");
  return contentOf(operation.value, definition, name);
}

/** The list that an insert or a move is about: all that the path finds are the whole of it. */
function listOf(root: Resource, nodes: readonly (FhirNode | null)[], operation: Operation) {
  const [first] = nodes;
  if (!first) throw refused(operation, "path", "a list that is there");
  const { place, definition } = placeOf(root, first, operation);
  const { length } = fieldsIn(place.holder, place.name);
  const whole =
    nodes.length === length &&
    nodes.every((node, i) => node?.name === first.name && node?.index === i && sameParent(node, first));
  if (!definition.repeats || !whole) throw refused(operation, "path", "one list, as a whole");
  return { place: { ...place, index: null }, definition, length };
}

const sameParent = (a: FhirNode, b: FhirNode): boolean =>
  a.parent === null || b.parent === null
    ? a.parent === b.parent
    : a.parent.name === b.parent.name && a.parent.index === b.parent.index && sameParent(a.parent, b.parent);

function placeOf(root: Resource, node: FhirNode, operation: Operation): { place: Place; definition: Definition } {
  if (!node.parent || node.name === null) throw refused(operation, "path", "an element of the resource");
  const holder = objectAt(root, node.parent);
  const type = node.parent.type ?? root.resourceType;
  // valueQuantity is how an element "value" of type Quantity is written.
  const definition = choiceOf(type, node.name)?.definition ?? elementOf(type, node.name);
  if (!definition) throw refused(operation, "path", `an element of ${type}`);
  return { place: { holder, name: node.name, index: node.index }, definition };
}

/** The object that a node is. A primitive has its extensions in one beside it, under its name with a line before. */
function objectAt(root: Resource, node: FhirNode): FhirObject {
  if (!node.parent || node.name === null) return root;
  const holder = objectAt(root, node.parent);
  const { name, index } = node;
  const value = index === null ? holder[name] : (holder[name] as Fhir[] | undefined)?.[index];
  if (isObject(value)) return value;
  const beside = `_${name}`;
  if (index === null) {
    holder[beside] ??= {};
    return holder[beside] as FhirObject;
  }
  holder[beside] ??= [];
  const list = holder[beside] as Fhir[];
  while (list.length <= index) list.push(null);
  list[index] ??= {};
  return list[index] as FhirObject;
}

/** JSON of FHIR has no empty objects and arrays: what holds nothing any more goes with what it held. */
function prune(holder: FhirObject | Fhir[]): void {
  for (const [name, value] of Object.entries(holder)) {
    if (typeof value !== "object" || value === null || value instanceof Number) continue;
    prune(value as FhirObject | Fhir[]);
    if (Object.keys(value).length > 0) continue;
    if (!Array.isArray(holder)) delete holder[name];
    else holder[Number(name)] = EMPTY as unknown as Fhir;
  }
  if (Array.isArray(holder) && holder.includes(EMPTY as unknown as Fhir))
    holder.splice(0, holder.length, ...holder.filter((item) => item !== (EMPTY as unknown as Fhir)));
}

const EMPTY = Symbol("nothing is left");

function refused(operation: Operation, part: string, expected: string): RefusedInput {
  return new RefusedInput("PATCH_REFUSED", {
    format: FORMAT,
    at: `${operation.place}.part.where(name='${part}')`,
    expected,
  });
}
