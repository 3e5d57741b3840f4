import type { Bundle } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import { houseKinds } from "../house/index.ts";
import { searchSubscriptions, subscriptionParameters } from "../subscriptions/search.ts";
import { definitions } from "../written/definitions.ts";
import { searchWritten } from "../written/search.ts";
import { searchObservations } from "./observation.ts";
import { observationParameters } from "./observation-filter.ts";
import type { ParameterDefinition } from "./query.ts";

export interface Searchable {
  readonly parameters: readonly Pick<ParameterDefinition, "name" | "type" | "documentation">[];
  readonly sorts: readonly string[];
  /** @param options `asText`: the answer is sent and not looked into, and may be text (`bundle-text.ts`) */
  search(
    context: RecordContext,
    pairs: Iterable<readonly [string, string]>,
    options?: { readonly asText: boolean },
  ): Promise<Bundle>;
}

/** By all parameters of R4 for the type. */
const ofHouse = (type: string): Searchable => ({
  get parameters() {
    return parametersOf(type);
  },
  sorts: ["_id"],
  search: (context, pairs) => searchWritten(context, type, pairs),
});

/** Of every type; some of R4 have no others. */
const OF_ALL: Searchable["parameters"] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "_lastUpdated", type: "date", documentation: "When it was changed last" },
  { name: "_text", type: "string", documentation: "Words in it; narratives are not read" },
  { name: "_content", type: "string", documentation: "The same as _text" },
  { name: "_filter", type: "special", documentation: "R4's filters: name co pet and not(gender eq male)" },
];

/** What R4 lets a type be found by, as `metadata` tells it. */
export function parametersOf(type: string): Searchable["parameters"] {
  const own = [...definitions().table.of(type).values()]
    .filter((one) => one.type !== "special" || one.code === "near")
    .map(({ code, type: kind, documentation }) => ({ name: code, type: kind, documentation }));
  const common = OF_ALL.filter(({ name }) => !own.some((one) => one.name === name));
  return [...common, ...own];
}

/** What the house makes and can be searched: routes, `metadata` and the repository all go by this table. */
export const searchables: Readonly<Record<string, Searchable>> = {
  ...Object.fromEntries(Object.keys(houseKinds).map((type) => [type, ofHouse(type)])),
  Observation: {
    // What is found by streams and times has words of its own; all others are R4's.
    get parameters() {
      const own = new Set(observationParameters.map(({ name }) => name));
      return [...observationParameters, ...parametersOf("Observation").filter(({ name }) => !own.has(name))];
    },
    sorts: ["-date", "date", "any parameter of tokens, strings, dates and amounts"],
    search: searchObservations,
  },
  Subscription: { parameters: subscriptionParameters, sorts: ["_id"], search: searchSubscriptions },
};
