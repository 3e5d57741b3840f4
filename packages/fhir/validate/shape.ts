import type { Definitions, ElementData, TypeRef } from "../definitions/data.ts";
import type { Binding, Bindings } from "./bindings.ts";
import type { Invariant, Invariants } from "./invariants.ts";
import { type PrimitiveCheck, primitives } from "./primitives.ts";

/** What an object may have: of a type of resource, a data type, or the elements within one. */
export interface Shape {
  readonly name: string;
  readonly isResource: boolean;
  /** By the name in JSON: a choice has one for each type, a primitive has a companion with "_". */
  readonly properties: ReadonlyMap<string, Property>;
  readonly required: readonly Requirement[];
  readonly invariants: readonly Invariant[];
  /** By the name of the element: the properties that a choice has. */
  readonly choices: ReadonlyMap<string, readonly Property[]>;
}

export interface Requirement {
  readonly element: string;
  readonly keys: readonly string[];
}

export interface Property {
  /** In JSON: "valueQuantity"; of a companion "_birthDate". */
  readonly key: string;
  /** Of the element: "value[x]". */
  readonly element: string;
  /** In FHIRPath: "value". */
  readonly step: string;
  readonly type: string;
  readonly isMany: boolean;
  readonly max: number;
  /** Which choice of its shape it belongs to, or -1. */
  readonly choice: number;
  readonly isCompanion: boolean;
  readonly primitive: PrimitiveCheck | undefined;
  /** Of what is no primitive; of a companion that of Element. A resource has the shape of its own type. */
  readonly shape: Shape | undefined;
  readonly isResource: boolean;
  readonly binding: Binding | undefined;
  readonly targets: ReadonlySet<string> | undefined;
  readonly invariants: readonly Invariant[];
  readonly minValue: number | undefined;
  readonly maxValue: number | undefined;
}

/** Any of these has children; a Resource in a resource is what it says it is. */
const HOLDERS = new Set(["BackboneElement", "Element"]);
const RESOURCES = new Set(["Resource", "DomainResource"]);

/** Shapes of types, made when they are first asked for: types hold one another. */
export class Shapes {
  readonly #shapes = new Map<string, Shape>();
  readonly #types: Definitions["types"];
  readonly #bindings: Bindings;
  readonly #invariants: Invariants;

  constructor(types: Definitions["types"], bindings: Bindings, invariants: Invariants) {
    this.#types = types;
    this.#bindings = bindings;
    this.#invariants = invariants;
  }

  /** A type of resource that instances can have. */
  resource(name: unknown): Shape | undefined {
    if (typeof name !== "string") return undefined;
    const known = this.#shapes.get(name);
    if (known) return known.isResource ? known : undefined;
    return Object.hasOwn(this.#types, name) && this.isResource(name) ? this.type(name) : undefined;
  }

  isResource(name: string): boolean {
    const type = Object.hasOwn(this.#types, name) ? this.#types[name] : undefined;
    return type?.kind === "resource" && !type.abstract;
  }

  type(name: string): Shape {
    const type = this.#types[name];
    if (!type || type.kind === "primitive") throw new Error(`no type ${name}`);
    return this.#shape(name, name, type.elements, type.constraints, type.kind === "resource");
  }

  /** The elements of a path: "Observation.component". */
  at(path: string): Shape {
    const found = this.elements(path);
    return this.#shape(path, path, found.elements ?? [], found.constraints, false);
  }

  elements(path: string): { readonly elements?: readonly ElementData[]; readonly constraints?: readonly string[] } {
    const [type = "", ...steps] = path.split(".");
    let at: ElementData | Definitions["types"][string] | undefined = this.#types[type];
    for (const step of steps) at = at?.elements?.find(({ name }) => name === step);
    if (!at) throw new Error(`no element ${path}`);
    // What constrains an element with children constrains those; here the property has it.
    return { ...(at.elements ? { elements: at.elements } : {}) };
  }

  #shape(
    key: string,
    name: string,
    elements: readonly ElementData[],
    constraints: readonly string[] | undefined,
    isResource: boolean,
  ): Shape {
    const known = this.#shapes.get(key);
    if (known) return known;
    const properties = new Map<string, Property>();
    const required: Requirement[] = [];
    const choices = new Map<string, Property[]>();
    const shape: Shape = {
      name,
      isResource,
      properties,
      required,
      choices,
      invariants: this.#invariants.of(constraints, name),
    };
    this.#shapes.set(key, shape);
    for (const element of elements) {
      const found = this.#properties(name, element, choices.size, isResource);
      for (const property of found) properties.set(property.key, property);
      if (element.name.endsWith("[x]")) choices.set(element.name, found);
      if (element.min) required.push({ element: stepOf(element.name), keys: found.map((one) => one.key) });
    }
    return shape;
  }

  #properties(path: string, element: ElementData, choice: number, isOfResource: boolean): Property[] {
    const isChoice = element.name.endsWith("[x]");
    const types: readonly TypeRef[] = element.types ?? [{ code: "Element" }];
    return types.flatMap((type): Property[] => {
      // Resource.id is said to be a string; what it may be is the type id.
      const code = isOfResource && element.name === "id" ? "id" : type.code;
      const primitive = Object.hasOwn(primitives, code) ? primitives[code] : undefined;
      const key = isChoice ? `${stepOf(element.name)}${code[0]?.toUpperCase()}${code.slice(1)}` : element.name;
      const max = element.max ?? 1;
      const isResource = RESOURCES.has(code) || this.isResource(code);
      const property = {
        key,
        element: element.name,
        step: stepOf(element.name),
        type: code,
        isMany: max !== 1,
        max: max === "*" ? Number.POSITIVE_INFINITY : max,
        choice: isChoice ? choice : -1,
        isCompanion: false,
        primitive,
        isResource,
        binding: this.#bindings.of(element.binding, code),
        targets: type.targets ? new Set(type.targets) : undefined,
        invariants: this.#invariants.of(element.constraints, `${path}.${element.name}`),
        minValue: element.minValue,
        maxValue: element.maxValue,
      };
      if (primitive === undefined) return [this.#withShape(property, path, element)];
      const companion = {
        ...property,
        key: `_${key}`,
        isCompanion: true,
        primitive: undefined,
        shape: this.type("Element"),
      };
      return code === "xhtml" || (key === "id" && !isOfResource)
        ? [{ ...property, shape: undefined }]
        : [{ ...property, shape: undefined }, companion];
    });
  }

  /** The shape is made when it is first looked at: elements hold elements of their own kind. */
  #withShape(property: Omit<Property, "shape">, path: string, element: ElementData): Property {
    const find = () => {
      if (property.isResource) return undefined;
      if (element.like) return this.at(element.like);
      return element.elements || HOLDERS.has(property.type)
        ? this.at(`${path}.${element.name}`)
        : this.type(property.type);
    };
    return Object.defineProperty({ ...property, shape: undefined }, "shape", {
      enumerable: true,
      configurable: true,
      get(this: Property) {
        const shape = find();
        Object.defineProperty(this, "shape", { value: shape, enumerable: true });
        return shape;
      },
    });
  }
}

const stepOf = (name: string) => (name.endsWith("[x]") ? name.slice(0, -3) : name);
