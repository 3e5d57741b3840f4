import fhirpath from "fhirpath";
import { choiceOf, elementOf } from "./element.ts";
import type { ExpressionNode } from "./equivalence.ts";
import { r4 } from "./model.ts";

/** What is known of a collection before anything is evaluated; no types: they may be any. */
interface Known {
  readonly types?: readonly string[];
  /** The order of its items is nobody's to rely on. */
  readonly isUnordered?: true;
}

const ANY: Known = {};
/** What one of these holds is told by the resource itself. */
const POLYMORPHIC = new Set(["Resource", "DomainResource", "Element", "BackboneElement"]);
const KEEP = new Set([
  "where",
  "first",
  "last",
  "tail",
  "skip",
  "take",
  "single",
  "distinct",
  "trace",
  "exclude",
  "intersect",
]);
const ORDERED = new Set(["first", "last", "tail", "skip", "take"]);
/** Their parameters are evaluated on each item. */
const ON_ITEMS = new Set(["where", "all", "exists", "select", "iif"]);
const OF_TYPE = new Set(["ofType", "as"]);

class Fault extends Error {}

/**
 * What strict evaluation refuses of an expression (HL7 FHIRPath N1, "Type safety and strict evaluation"): names that a type has not, and
 * functions that need an order where there is none. What cannot be told before (references, what children() gives) is let through.
 *
 * @param type that it is evaluated on: "Patient", "Patient.contact"
 * @returns undefined: nothing
 */
export function strictFault(expression: string, type: string): string | undefined {
  try {
    check(fhirpath.parse(expression) as unknown as ExpressionNode, { types: [type] });
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function check(node: ExpressionNode, focus: Known): Known {
  const [left, right] = node.children ?? [];
  switch (node.type) {
    case "EntireExpression":
    case "TermExpression":
    case "InvocationTerm":
    case "ParenthesizedTerm":
      return left ? check(left, focus) : ANY;
    case "InvocationExpression":
      return left && right ? check(right, check(left, focus)) : ANY;
    case "MemberInvocation":
      return member((left?.text ?? "").replaceAll("`", ""), focus, "atRoot" in node);
    case "FunctionInvocation":
      return called(left, focus);
    case "ThisInvocation":
      return focus;
    case "IndexerExpression": {
      const all = left ? check(left, focus) : ANY;
      if (all.isUnordered) throw new Fault("an index into what has no order");
      return all;
    }
    case "TypeExpression":
      if (left) check(left, focus);
      return node.text === "as" && right ? named(right) : ANY;
    case "UnionExpression": {
      const [a, b] = [left, right].map((one) => (one ? check(one, focus) : ANY));
      return a?.types && b?.types ? { types: [...new Set([...a.types, ...b.types])] } : ANY;
    }
    default:
      for (const child of node.children ?? []) check(child, focus);
      return ANY;
  }
}

function named(node: ExpressionNode): Known {
  const type = (node.text ?? "").replace(/^(FHIR|System)\./, "").replaceAll("`", "");
  return type === "" || POLYMORPHIC.has(type) ? ANY : { types: [type] };
}

function member(name: string, { types }: Known, isAtRoot: boolean): Known {
  if (!types) return ANY;
  // An expression may begin with the type that it is evaluated on.
  if (isAtRoot && /^[A-Z]/.test(name)) {
    if (types.some((type) => isA(type, name))) return { types };
    throw new Fault(`${types.join(", ")} is no ${name}`);
  }
  // value is an element, and valueQuantity only how it is written.
  const found = types.flatMap((type) => (choiceOf(type, name) ? [] : (elementOf(type, name) ?? [])));
  if (found.length === 0) {
    if (
      types.some((type) => POLYMORPHIC.has(type) || type.startsWith("System.") || name === "id" || name === "extension")
    )
      return ANY;
    throw new Fault(`${types.join(", ")} has no ${name}`);
  }
  const all = found.flatMap(({ type, choices }) => choices?.map(typeOfSuffix) ?? [type]);
  return all.some((type) => POLYMORPHIC.has(type)) ? ANY : { types: [...new Set(all)] };
}

function called(node: ExpressionNode | undefined, focus: Known): Known {
  const name = node?.text ?? "";
  const parameters = node?.children?.find(({ type }) => type === "ParamList")?.children ?? [];
  if (name === "children" || name === "descendants") return { isUnordered: true };
  if (focus.isUnordered && ORDERED.has(name)) throw new Fault(`${name}() of what has no order`);
  if (OF_TYPE.has(name)) return ANY;
  const on = { ...(focus.types ? { types: focus.types } : {}) };
  const told = ON_ITEMS.has(name) ? parameters.map((one) => check(one, on)) : [];
  if (name === "select") return told[0] ?? ANY;
  return KEEP.has(name) ? focus : ANY;
}

/** "Quantity" of valueQuantity is one, "DateTime" of valueDateTime a dateTime. */
const typeOfSuffix = (suffix: string): string => {
  const lower = `${suffix[0]?.toLowerCase()}${suffix.slice(1)}`;
  return r4.parentOf(suffix) === undefined && r4.parentOf(lower) !== undefined ? lower : suffix;
};

function isA(type: string, name: string): boolean {
  for (let at: string | undefined = type; at !== undefined; at = r4.parentOf(at)) if (at === name) return true;
  return false;
}
