import type { Definitions, ProfileData, RuleData, SlicingData, TypeRef } from "../data.ts";

/** Shorthand of what guides say in prose, for profiles that are written down here by hand. */

/** An element and what is asked of it. */
export const of = (name: string, more: Omit<RuleData, "name"> = {}): RuleData => ({ name, ...more });
export const must = (name: string, more: Omit<RuleData, "name"> = {}): RuleData => ({ name, min: 1, ...more });
export const not = (name: string): RuleData => ({ name, max: 0 });

/** The code that a CodeableConcept or Coding must have. */
export const codeable = (system: string, code: string) => ({ pattern: { coding: [{ system, code }] } });
export const coding = (system: string, code: string) => ({ pattern: { system, code } });
export const references = (...targets: string[]): { types: readonly TypeRef[] } => ({
  types: [{ code: "Reference", targets }],
});

/** Items of a list told apart by one element. */
export function sliced(
  name: string,
  path: string,
  min: number,
  slices: Readonly<Record<string, Omit<RuleData, "name" | "slice">>>,
  rules: SlicingData["rules"] = "open",
): RuleData {
  return {
    name,
    ...(min > 0 ? { min } : {}),
    slicing: { by: [{ type: "value", path }], rules },
    slices: Object.entries(slices).map(([slice, rule]) => ({ name, slice, ...rule })),
  };
}

/** An extension with a value of one type. */
export function extension(
  url: string,
  type: string,
  more: Omit<RuleData, "name"> = {},
  isModifier = false,
): ProfileData {
  return {
    type: "Extension",
    ...(isModifier ? { modifier: true as const } : {}),
    rule: of("Extension", {
      elements: [not("extension"), must("url", { fixed: url }), must("value[x]", { types: [{ code: type }], ...more })],
    }),
  };
}

export function guide(
  source: string,
  profiles: Definitions["profiles"],
  valueSets: Definitions["valueSets"] = {},
): Definitions {
  return { source, types: {}, profiles, valueSets, constraints: {} };
}
