import type { SearchTable } from "./parameters.ts";
import { targetsOf } from "./values.ts";

/** What of a CompartmentDefinition is read. */
export interface CompartmentDefinition {
  readonly resource: readonly { readonly code: string; readonly param?: readonly string[] }[];
}

/** Ids of the patients of this server whom a resource is about, and those beside them whom it names. */
export function patientsOf(
  resource: Readonly<Record<string, unknown>>,
  { table, compartment, base }: { table: SearchTable; compartment: CompartmentDefinition; base: string },
): readonly string[] {
  const type = String(resource.resourceType);
  const names = compartment.resource.find(({ code }) => code === type)?.param ?? [];
  const parameters = table.of(type);
  const ids = new Set<string>();
  for (const name of names) {
    const parameter = parameters.get(name);
    for (const found of parameter?.pick(resource) ?? []) {
      for (const { reference } of targetsOf(found)) {
        const id = patientIn(reference, base);
        if (id !== undefined) ids.add(id);
      }
    }
  }
  // Whoever is named anywhere is named: a resource is for who sees all of them.
  for (const reference of referencesIn(resource)) {
    const id = patientIn(reference, base);
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

function patientIn(reference: string | undefined, base: string): string | undefined {
  if (reference === undefined) return undefined;
  const local = reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference;
  return /^Patient\/([A-Za-z0-9.-]{1,64})(\/_history\/[^/]+)?$/.exec(local)?.[1];
}

/** Every literal reference of a resource, contained ones too. */
export function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) yield* referencesIn(one);
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    if (key === "reference" && typeof one === "string") yield one;
    else yield* referencesIn(one);
  }
}
