import { RefusedInput } from "@openward/errors";

/** How much of a resource is shown. */
export type View =
  | { readonly kind: "all" | "summary" | "text" | "data" | "count" }
  /** Paths of names; those of one type only have that type. */
  | {
      readonly kind: "elements";
      readonly elements: readonly { readonly type: string | null; readonly path: readonly string[] }[];
    };

export interface ViewParameters {
  readonly _summary?: string | undefined;
  readonly _elements?: string | undefined;
}

const SUMMARIES: Readonly<Record<string, View["kind"] & ("all" | "summary" | "text" | "data" | "count")>> = {
  false: "all",
  true: "summary",
  text: "text",
  data: "data",
  count: "count",
};
const ELEMENTS_MAX = 200;
const NAME = /^[a-z][A-Za-z0-9]*(?:\[x\])?$/;
const TYPE = /^[A-Z][A-Za-z]*$/;

/**
 * What `_summary` and `_elements` ask for. An element is named from the resource on (`name.family`), a type may stand before it
 * (`Patient.name`), and one of several types is named without it (`value`).
 *
 * @throws RefusedInput FIELD_INVALID
 * @source HL7 FHIR R4, search.html#summary and #elements
 */
export function parseView({ _summary: summary, _elements: elements }: ViewParameters): View {
  const names = (elements ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (summary !== undefined && !Object.hasOwn(SUMMARIES, summary))
    throw new RefusedInput("FIELD_INVALID", { at: "http._summary", expected: Object.keys(SUMMARIES).join(", ") });
  const kind = SUMMARIES[summary ?? "false"] ?? "all";
  if (names.length === 0) return { kind };
  if (kind === "count") return { kind };
  if (kind !== "all")
    throw new RefusedInput("FIELD_INVALID", { at: "http._elements", expected: "elements or a summary, but not both" });
  if (names.length > ELEMENTS_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "http._elements", expected: `at most ${ELEMENTS_MAX} elements` });
  return { kind: "elements", elements: names.map(elementNamed) };
}

function elementNamed(name: string): { type: string | null; path: string[] } {
  const steps = name.split(".");
  const type = TYPE.test(steps[0] ?? "") ? (steps.shift() ?? null) : null;
  if (steps.length === 0 || !steps.every((step) => NAME.test(step)))
    throw new RefusedInput("FIELD_INVALID", {
      at: "http._elements",
      expected: "names of elements, separated by commas",
    });
  return { type, path: steps.map((step) => step.replace("[x]", "")) };
}
