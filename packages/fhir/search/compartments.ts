import table from "./generated/compartments.json" with { type: "json" };

const compartments: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = table.compartments;

/** Types that have a compartment: "Patient", "Device", "Encounter", "Practitioner", "RelatedPerson". */
export const compartmentTypes: readonly string[] = Object.keys(compartments);

/** Types of which something may be in a compartment. */
export const typesIn = (compartment: string): readonly string[] =>
  [...new Set([compartment, ...Object.keys(ofCompartment(compartment))])].sort();

/**
 * Parameters by which a resource is in a compartment; "{def}": by being what the compartment is of. Empty: never.
 *
 * R4 leaves it open whether a Patient or a Device is in its own; R5 says that it is, and so it is here.
 */
export function parametersIn(compartment: string, type: string): readonly string[] {
  const all = ofCompartment(compartment);
  const names = Object.hasOwn(all, type) ? (all[type] ?? []) : [];
  return type === compartment && !names.includes("{def}") ? ["{def}", ...names] : names;
}

const ofCompartment = (name: string) => (Object.hasOwn(compartments, name) ? (compartments[name] ?? {}) : {});
