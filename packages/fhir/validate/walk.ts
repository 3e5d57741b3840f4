import { checkInvariants } from "./invariants.ts";
import { isObject, type Json } from "./json.ts";
import { checkReference } from "./references.ts";
import type { Property, Shape, Shapes } from "./shape.ts";
import type { Visit } from "./visit.ts";

/** Nothing that means anything is nested deeper; the stack holds many times this. */
const DEPTH_AT_MOST = 100;
/** Names of elements are said as they came only when they look like names. */
const NAME = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

/** What profiles add to the walk: they are looked at where the element that they are about has been checked. */
export interface Extras {
  /** An Extension, whose definition may be known. */
  extension(extension: Json, isModifier: boolean, visit: Visit): void;
  /** A resource, with what it declares itself to be. */
  resource(resource: Json, visit: Visit): void;
}

/** Checks what an instance has against the shapes of R4's types. */
export class Walk {
  readonly #shapes: Shapes;
  readonly #extras: Extras;

  constructor(shapes: Shapes, extras: Extras) {
    this.#shapes = shapes;
    this.#extras = extras;
  }

  /** The resource of a visit, whose path the report is at. */
  resource(visit: Visit): void {
    const { resource, report } = visit;
    const shape = this.#shapes.resource(resource.resourceType);
    if (!shape) {
      const isText = typeof resource.resourceType === "string";
      report.error("structure", isText ? "resourceType is no type of resource of R4" : "resourceType is missing");
      return;
    }
    if (!this.#enter(visit)) return;
    const before = visit.shared.elements;
    this.#elements(shape, resource, visit);
    checkInvariants(shape.invariants, resource, visit, visit.shared.elements - before + 1);
    this.#extras.resource(resource, visit);
    visit.depth--;
  }

  #enter(visit: Visit): boolean {
    if (visit.depth < DEPTH_AT_MOST) {
      visit.depth++;
      return true;
    }
    visit.report.error("too-costly", `nested deeper than ${DEPTH_AT_MOST} elements: not looked into`);
    return false;
  }

  #elements(shape: Shape, object: Json, visit: Visit): void {
    const { report } = visit;
    let isEmpty = true;
    let chosen: (Property | undefined)[] | undefined;
    for (const key in object) {
      const property = shape.properties.get(key);
      if (property === undefined) {
        if (key === "resourceType" && shape.isResource) continue;
        this.#unknown(shape, key, visit);
        continue;
      }
      if (property.element !== "id") isEmpty = false;
      if (property.choice >= 0) {
        chosen ??= [];
        const before = chosen[property.choice];
        if (before !== undefined && before.type !== property.type) {
          report.errorAt(property.step, "structure", `${property.element} is there twice: only one type of it can be`);
        }
        chosen[property.choice] = property;
      }
      report.path.push(property.step);
      this.#property(property, object[key], object, visit);
      report.path.pop();
      if (report.isFull) return;
    }
    if (isEmpty && !shape.isResource) report.error("structure", "an element must have a value or children");
    for (const { element, keys } of shape.required) {
      if (keys.some((key) => Object.hasOwn(object, key))) continue;
      report.errorAt(element, "required", `${element} is missing: ${shape.name} must have it`);
    }
  }

  #unknown(shape: Shape, key: string, { report }: Visit): void {
    if (NAME.test(key)) report.errorAt(key, "structure", `${shape.name} has no element ${key}`);
    else report.error("structure", `${shape.name} has an element whose name is not one of FHIR's`);
  }

  #property(property: Property, value: unknown, object: Json, visit: Visit): void {
    const { report } = visit;
    if (!property.isMany) {
      if (Array.isArray(value)) report.error("structure", `${property.key} is a list: expected one`);
      else if (property.max === 0) report.error("structure", `${property.key} must not be here`);
      else this.#item(property, value, visit);
      return;
    }
    if (!Array.isArray(value)) {
      report.error("structure", `${property.key} is not a list: it can be there more than once`);
      return;
    }
    if (value.length === 0) report.error("structure", `${property.key} is an empty list: leave it out`);
    if (value.length > property.max) report.error("structure", `${property.key} has more than ${property.max} items`);
    for (let i = 0; i < value.length && !report.isFull; i++) {
      report.path.push(i);
      const item = value[i];
      // In lists of primitives null keeps the place of what the other list has.
      if (item === null && this.#isPaired(property, object, i)) {
        if (!property.isCompanion) checkInvariants(property.invariants, undefined, visit, 1);
      } else this.#item(property, item, visit);
      report.path.pop();
    }
  }

  #isPaired({ key, isCompanion, primitive }: Property, object: Json, i: number): boolean {
    if (!isCompanion && !primitive) return false;
    const other = object[isCompanion ? key.slice(1) : `_${key}`];
    return Array.isArray(other) && other[i] !== null && other[i] !== undefined;
  }

  #item(property: Property, value: unknown, visit: Visit): void {
    const { report, shared } = visit;
    const { primitive } = property;
    const before = shared.elements++;
    if (primitive !== undefined) {
      const expected = primitive(value);
      if (expected !== undefined) {
        report.error("value", `${property.key}: expected ${expected}`);
        return;
      }
      if (property.minValue !== undefined || property.maxValue !== undefined)
        this.#range(property, Number(value), visit);
    } else if (!isObject(value)) {
      report.error("structure", `${property.key}: expected an object`);
      return;
    } else if (property.isResource) {
      this.#resource(property, value, visit);
      return;
    } else if (!this.#complex(property, value, visit)) return;
    property.binding?.check(value, report);
    if (property.targets !== undefined) checkReference(value, property.targets, visit, this.#shapes);
    if (property.invariants.length > 0) {
      checkInvariants(property.invariants, value, visit, shared.elements - before);
    }
  }

  #complex(property: Property, value: Json, visit: Visit): boolean {
    if (!this.#enter(visit)) return false;
    const shape = property.shape as Shape;
    const before = visit.shared.elements;
    this.#elements(shape, value, visit);
    if (shape.invariants.length > 0) {
      checkInvariants(shape.invariants, value, visit, visit.shared.elements - before + 1);
    }
    if (property.type === "Extension" && !property.isCompanion) this.#extension(property, value, visit);
    visit.depth--;
    return true;
  }

  #extension(property: Property, value: Json, visit: Visit): void {
    const hasExtensions = value.extension !== undefined;
    let hasValue = false;
    for (const key in value) hasValue ||= key.startsWith("value") || key.startsWith("_value");
    if (hasExtensions === hasValue) {
      visit.report.error("invariant", "ext-1: an extension has either extensions or a value, not both");
    }
    this.#extras.extension(value, property.element === "modifierExtension", visit);
  }

  #resource(property: Property, value: Json, visit: Visit): void {
    if (property.type !== "Resource" && property.type !== "DomainResource" && value.resourceType !== property.type) {
      visit.report.error("structure", `${property.key}: expected a ${property.type}`);
      return;
    }
    this.resource(visit.within(value, property.element === "contained"));
  }

  #range({ key, minValue = -Infinity, maxValue = Infinity }: Property, value: number, { report }: Visit): void {
    if (value < minValue || value > maxValue) {
      report.error("value", `${key}: expected from ${minValue} to ${maxValue}`);
    }
  }
}
