import { checkInvariants } from "./invariants.ts";
import { isObject, type Json } from "./json.ts";
import { checkReference } from "./references.ts";
import type { Rule, Slicing } from "./rule.ts";
import type { Shapes } from "./shape.ts";
import type { Visit } from "./visit.ts";

interface Item {
  readonly value: unknown;
  readonly type: string;
  readonly index: number | undefined;
}

/** Asks of an instance, whose structure has been checked, what a profile asks beyond its type. */
export class Apply {
  readonly #shapes: Shapes;
  readonly #profile: (url: string) => Rule | undefined;

  constructor(shapes: Shapes, profile: (url: string) => Rule | undefined) {
    this.#shapes = shapes;
    this.#profile = profile;
  }

  /** The root of a profile at its resource or extension. */
  root(rule: Rule, value: Json, visit: Visit): void {
    if (rule.invariants.length > 0) checkInvariants(rule.invariants, value, visit, 1);
    for (const child of rule.children) this.#element(child, value, visit);
  }

  #element(rule: Rule, parent: Json, visit: Visit): void {
    const items = itemsOf(rule, parent);
    if (items.length === 0 && rule.min === 0 && !rule.slicing) return;
    const { report } = visit;
    report.path.push(rule.step);
    this.#count(rule, items.length, visit);
    for (const item of items) this.#itemAt(rule, item, visit);
    // What is of a wrong type has been said to be, and is of no slice.
    if (rule.slicing)
      this.#slices(
        rule,
        rule.slicing,
        items.filter(({ type }) => rule.types?.has(type) ?? true),
        visit,
      );
    report.path.pop();
  }

  #count({ label, min, max }: Rule, n: number, { report }: Visit): void {
    if (n < min) report.error("required", `${label}: expected at least ${min}, found ${n}`);
    else if (n > max) report.error("structure", `${label}: expected at most ${max}, found ${n}`);
  }

  #itemAt(rule: Rule, item: Item, visit: Visit): void {
    const { path } = visit.report;
    if (item.index !== undefined) path.push(item.index);
    this.#item(rule, item, visit);
    if (item.index !== undefined) path.pop();
  }

  #refuse({ index }: Item, text: string, { report }: Visit): void {
    if (index !== undefined) report.path.push(index);
    report.error("structure", text);
    if (index !== undefined) report.path.pop();
  }

  #item(rule: Rule, { value, type }: Item, visit: Visit): void {
    const { report } = visit;
    const { label, types, targets, test, binding } = rule;
    if (types && !types.has(type)) {
      report.error("structure", `${label}: its type must be ${[...types].join(" or ")}`);
      return;
    }
    if (targets) checkReference(value, targets, visit, this.#shapes);
    if (test && !test(value)) report.error("value", `${label} must be as the profile fixes it`);
    binding?.(type)?.check(value, report);
    if (rule.invariants.length > 0) checkInvariants(rule.invariants, value, visit, 1);
    if (rule.profiles.length > 0 && isObject(value)) this.#profiles(rule, value, visit);
    if (rule.children.length === 0) return;
    if (isObject(value)) for (const child of rule.children) this.#element(child, value, visit);
  }

  #profiles({ label, profiles }: Rule, value: Json, visit: Visit): void {
    const rules = profiles.map((url) => this.#profile(url));
    const { report } = visit;
    if (rules.includes(undefined)) {
      report.inform("not-found", `${label}: the profile ${profiles.join(" or ")} is not known here: not checked`);
      return;
    }
    const [only, ...others] = rules as Rule[];
    if (only && others.length === 0) this.root(only, value, visit);
    else if (!(rules as Rule[]).some((rule) => this.conforms(rule, value, visit))) {
      report.error("structure", `${label}: expected it to fit one of ${profiles.join(", ")}`);
    }
  }

  /** Whether a value fits, without saying why not. */
  conforms(rule: Rule, value: Json, visit: Visit): boolean {
    const apart = visit.apart();
    this.root(rule, value, apart);
    return apart.report.errors === 0;
  }

  #slices(rule: Rule, slicing: Slicing, items: readonly Item[], visit: Visit): void {
    const { report } = visit;
    if (slicing.unknown !== undefined) {
      report.inform(
        "not-supported",
        `the slices of ${rule.label} cannot be told apart (${slicing.unknown}): not checked`,
      );
      return;
    }
    const counts = new Array<number>(slicing.slices.length).fill(0);
    let last = 0;
    for (const item of items) {
      const n = slicing.slices.findIndex(({ matches }) => matches(item.value, item.type));
      if (n < 0) {
        if (slicing.isClosed) {
          this.#refuse(item, `${rule.label}: this is none of the slices that the profile has`, visit);
        }
        continue;
      }
      counts[n] = (counts[n] as number) + 1;
      if (slicing.isOrdered && n < last) {
        this.#refuse(item, `${rule.label}: slices are not in the profile's order`, visit);
      }
      last = n;
      const slice = slicing.slices[n]?.rule as Rule;
      this.#itemAt(slice, item, visit);
      if (slice.slicing) this.#slices(slice, slice.slicing, [item], visit);
    }
    for (const [n, { rule }] of slicing.slices.entries()) this.#count(rule, counts[n] as number, visit);
  }
}

const NONE: readonly Item[] = [];

/** Names are those of the definitions, so that nothing else of the platform's is read. */
function itemsOf({ keys }: Rule, parent: Json): readonly Item[] {
  let items: Item[] | undefined;
  for (const { key, companion, type } of keys) {
    const value = parent[key];
    // A primitive that only has extensions is there, without a value.
    if (value === undefined && (companion === undefined || parent[companion] === undefined)) continue;
    items ??= [];
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) items.push({ value: value[index] ?? undefined, type, index });
    } else items.push({ value, type, index: undefined });
  }
  return items ?? NONE;
}
