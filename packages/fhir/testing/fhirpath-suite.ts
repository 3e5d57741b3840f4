import { RefusedInput } from "@openward/errors";
import { type Fhir, type FhirObject, isObject, parseResource } from "../json/index.ts";
import { fhirPath } from "../path/index.ts";
import { shared } from "./examples.ts";
import { type Node, parseXml, resourceOf } from "./xml.ts";

const FOLDER = "suites/fhirpath-r4";

export interface SuiteCase {
  /** "group/name": names alone stand in several groups. */
  readonly id: string;
  readonly expression: string;
  readonly input: string | undefined;
  /** What must be refused: its syntax, its meaning, or when it is done. */
  readonly invalid: string | undefined;
  /** Types and names are checked before anything is evaluated. */
  readonly isStrict: boolean;
  readonly predicate: boolean;
  readonly ordered: boolean;
  readonly outputs: readonly { readonly type: string; readonly value: string }[];
}

/** HL7's FHIRPath cases for R4; null where they are not there. */
export function fhirPathCases(): SuiteCase[] | null {
  const text = shared(`${FOLDER}/tests-fhir-r4.xml`);
  if (text === null) return null;
  return parseXml(text)
    .children.filter(({ name }) => name === "group")
    .flatMap((group) =>
      group.children.filter(({ name }) => name === "test").map((test) => caseOf(group.attributes.name ?? "", test)),
    );
}

function caseOf(group: string, test: Node): SuiteCase {
  const expression = test.children.find(({ name }) => name === "expression");
  return {
    id: `${group}/${test.attributes.name}`,
    expression: expression?.text ?? "",
    input: test.attributes.inputfile,
    invalid: expression?.attributes.invalid ?? test.attributes.invalid,
    isStrict: test.attributes.mode === "strict",
    predicate: test.attributes.predicate === "true",
    ordered: test.attributes.ordered !== "false",
    outputs: test.children
      .filter(({ name }) => name === "output")
      .map(({ attributes, text }) => ({ type: attributes.type ?? "", value: text })),
  };
}

const inputs = new Map<string, Fhir>();

/** The resource of a case; those that come in XML are read as JSON. */
function inputOf(name: string): Fhir {
  let input = inputs.get(name);
  if (input === undefined) {
    const text = shared(`${FOLDER}/input/${name}`);
    if (text === null) throw new Error(`no ${name}`);
    input = name.endsWith(".xml") ? resourceOf(parseXml(text)) : parseResource(text);
    inputs.set(name, input);
  }
  return input;
}

/** Runs a case. @returns undefined where it passes, else what came */
export function runCase({
  expression,
  input,
  invalid,
  isStrict,
  predicate,
  outputs,
  ordered,
}: SuiteCase): string | undefined {
  const resource = input === undefined ? {} : inputOf(input);
  let found: { type: string; value: unknown; text: string }[];
  try {
    found = fhirPath(expression, { trusted: true, ...strictOn(isStrict, resource) }).typed(resource, {
      variables: { resource, rootResource: resource },
      resolve: (reference) => resolved(resource, reference),
      // Of profiles the suite asks for those of resource types alone.
      conformsTo: (element, profile) =>
        profile.startsWith("http://hl7.org/fhir/StructureDefinition/")
          ? isObject(element) && profile.endsWith(`/${element.resourceType}`)
          : undefined,
    });
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    return invalid
      ? undefined
      : `refused: ${error.code} ${(error.cause as Error | undefined)?.message?.split("\n")[0] ?? ""}`;
  }
  const shown = found.map(({ type, text }) => ({ type: shortType(type), value: literal(text) }));
  if (invalid) return `not refused: ${JSON.stringify(shown)}`;
  if (predicate) {
    const is = String(found.length > 0 && found[0]?.value !== false);
    return is === outputs[0]?.value ? undefined : is;
  }
  const [got, want] = [shown, outputs.map(({ type, value }) => ({ type: type || undefined, value: literal(value) }))];
  const order = (list: { value: string }[]) =>
    ordered ? list : [...list].sort((a, b) => (a.value < b.value ? -1 : 1));
  const [a, b] = [order(got), order(want as { value: string }[])] as [typeof got, typeof want];
  const same =
    a.length === b.length && a.every(({ type, value }, i) => value === b[i]?.value && sameType(type, b[i]?.type));
  return same ? undefined : JSON.stringify(shown);
}

const strictOn = (isStrict: boolean, resource: Fhir) =>
  isStrict && isObject(resource) ? { strict: String(resource.resourceType) } : {};

function resolved(resource: Fhir, reference: unknown): unknown {
  const text = isObject(reference) ? reference.reference : reference;
  if (typeof text !== "string" || !isObject(resource)) return undefined;
  const id = text.replace(/^#/, "");
  return ((resource.contained ?? []) as FhirObject[]).find((one) => one.id === id);
}

/** Output is written as a literal of FHIRPath, or without its signs. */
const literal = (text: string): string => text.replace(/^@T?/, "");
const shortType = (type: string): string => type.replace(/^(?:FHIR|System)\./, "");

/** The suite names types of FHIR where FHIRPath has its own, which are the same to it. */
function sameType(got: string, want: string | undefined): boolean {
  if (want === undefined) return true;
  const lower = got.charAt(0).toLowerCase() + got.slice(1);
  if (lower === want.charAt(0).toLowerCase() + want.slice(1)) return true;
  return got === "String" && ["code", "id", "uri", "string"].includes(want);
}
