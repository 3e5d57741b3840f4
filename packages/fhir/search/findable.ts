import type { Findable } from "../store/index.ts";
import type { Parameter } from "./parameters.ts";
import { folded, type IndexOptions, indexOf } from "./terms.ts";

/** Of words: as many as a page has; what stands behind is not found by them. */
const WORDS_MAX = 100_000;

/** What a store needs in order to find a resource. */
export function findableOf(
  resource: Readonly<Record<string, unknown>>,
  parameters: Iterable<Parameter>,
  options: IndexOptions,
  withWords = true,
): Findable {
  const { terms, strings, spans } = indexOf(resource, parameters, options);
  return {
    terms,
    strings: strings.map(({ parameter, value }) => ({ key: parameter, value, folded: folded(value) })),
    spans: spans.map(({ parameter, unit, low, high }) => ({ key: spanKey(parameter, unit), low, high })),
    words: withWords ? [...wordsIn(resource)].join(" ").slice(0, WORDS_MAX) : "",
  };
}

export const spanKey = (parameter: string, unit: string): string => (unit === "" ? parameter : `${parameter} ${unit}`);

/** What people wrote: no narrative, which says the same again, no codes, no addresses. */
function* wordsIn(value: unknown, key = ""): Generator<string> {
  if (typeof value === "string") {
    if (WORDS.has(key)) yield folded(value);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    if (Array.isArray(one)) for (const each of one) yield* wordsIn(each, name);
    else yield* wordsIn(one, name);
  }
}

const WORDS = new Set(
  `text display name title description comment note family given line city district state country value valueString valueMarkdown
  answer question purpose copyright usage requirements conclusion patientInstruction summary content label prefix alias
  publisher details reason authorString lotNumber instructions preparationInstructions additionalInstruction`.split(
    /\s+/,
  ),
);
