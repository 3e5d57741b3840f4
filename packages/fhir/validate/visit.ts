import type { Surroundings } from "./invariants.ts";
import { Report } from "./issue.ts";
import { isObject, type Json } from "./json.ts";
import { hasRaw, withPlainNumbers } from "./raw.ts";

/** How often the library may be asked about one resource: about 0.1 ms each. */
const BUDGET = 10_000;
/** So many elements cost as much again. */
const ELEMENTS_FOR_ONE = 50;

/** Of a whole validation. */
interface Shared {
  budget: number;
  elements: number;
  isPlain?: boolean;
}

/** Where a walk is: in which resource, and within what. */
export class Visit implements Surroundings {
  readonly report: Report;
  readonly resource: Json;
  readonly root: Json;
  readonly type: string;
  readonly #bundle: Visit | undefined;
  readonly #outer: Visit | undefined;
  readonly shared: Shared;
  #contained: Map<unknown, unknown> | undefined;
  #entries: Map<unknown, unknown> | undefined;
  #plainResource: unknown;
  depth: number;

  constructor(report: Report, resource: Json, root: Json, depth = 0, outer?: Visit, bundle?: Visit) {
    this.report = report;
    this.resource = resource;
    this.root = root;
    this.type = String(resource.resourceType);
    this.depth = depth;
    this.#outer = outer;
    this.#bundle = bundle;
    this.shared = outer?.shared ?? { budget: BUDGET, elements: 0 };
  }

  /** The visit of a resource within this one. */
  within(resource: Json, isContained: boolean): Visit {
    const bundle = this.type === "Bundle" ? this : this.#bundle;
    return new Visit(this.report, resource, isContained ? this.root : resource, this.depth, this, bundle);
  }

  /** The same place, with a report of its own. */
  apart(): Visit {
    return new Visit(new Report(), this.resource, this.root, this.depth, this, this.#bundle);
  }

  /** No number in it is kept as it was written. */
  get isPlain(): boolean {
    if (this.#outer) return this.#outer.isPlain;
    this.shared.isPlain ??= !hasRaw(this.resource);
    return this.shared.isPlain;
  }

  /** The resource with plain numbers. */
  get plainResource(): unknown {
    this.#plainResource ??= this.isPlain ? this.resource : withPlainNumbers(this.resource);
    return this.#plainResource;
  }

  get plainRoot(): unknown {
    return this.#outer && this.root !== this.resource ? this.#outer.plainRoot : this.plainResource;
  }

  mayAsk(size: number): boolean {
    if (size > 0) this.shared.budget -= 1 + size / ELEMENTS_FOR_ONE;
    return this.shared.budget >= 0;
  }

  /** The type of resource that a Reference's text names: in it, of what is contained, or of an entry of the Bundle. */
  typeNamed(reference: unknown): string | undefined {
    if (typeof reference !== "string" || reference.length > ADDRESS_AT_MOST) return undefined;
    if (reference[0] === "#") return typeOf(reference === "#" ? this.root : this.#inside(reference.slice(1)));
    const entry = this.#bundle?.entries().get(reference);
    return entry === undefined ? LITERAL.exec(reference)?.[1] : typeOf(entry);
  }

  #inside(id: string): unknown {
    if (this.#outer?.root === this.root) return this.#outer.#inside(id);
    this.#contained ??= new Map(many(this.root.contained).map((one) => [one.id, one]));
    return this.#contained.get(id);
  }

  /** Of a Bundle: what its entries have, by their address. */
  entries(): ReadonlyMap<unknown, unknown> {
    this.#entries ??= new Map(many(this.resource.entry).map((one) => [one.fullUrl, one.resource]));
    return this.#entries;
  }
}

/** "Patient/p1", "https://host/fhir/Patient/p1/_history/2": the type of resource that is named. */
const LITERAL = /(?:^|\/)([A-Z][A-Za-z]{1,63})\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?(?:#.*)?$/s;
/** No address is longer; what is, is not looked into. */
const ADDRESS_AT_MOST = 2048;

const typeOf = (resource: unknown) =>
  isObject(resource) && typeof resource.resourceType === "string" ? resource.resourceType : undefined;

const many = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
