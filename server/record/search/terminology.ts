import type { Bundle, Resource } from "@medplum/fhirtypes";
import {
  codeSystemResource,
  codeSystems,
  conceptMapResource,
  conceptMaps,
  valueSetResource,
  valueSets,
} from "@openward/fhir/terminology";
import type { RecordContext } from "../context.ts";
import { pageOfList, wantedIds } from "./list.ts";
import { type ParameterDefinition, parseQuery } from "./query.ts";
import { matchesString } from "./string.ts";

export type TerminologyType = "CodeSystem" | "ValueSet" | "ConceptMap";

export const terminologyParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "url", type: "uri", documentation: "Its address" },
  { name: "title", type: "string", documentation: "Beginning of the title", modifiers: ["exact", "contains"] },
];

/** The vocabularies that are shipped: they change with the program only. */
let made: Readonly<Record<TerminologyType, readonly Resource[]>> | undefined;

function resourcesOf(type: TerminologyType): readonly Resource[] {
  made ??= {
    CodeSystem: [...codeSystems.values()].map((one) => codeSystemResource(one) as unknown as Resource),
    ValueSet: [...valueSets.values()].map((one) => valueSetResource(one) as unknown as Resource),
    ConceptMap: [...conceptMaps.values()].map((one) => conceptMapResource(one) as unknown as Resource),
  };
  return made[type];
}

export const readTerminology =
  (type: TerminologyType) =>
  async (_context: RecordContext, id: string): Promise<Resource | undefined> =>
    resourcesOf(type).find((resource) => resource.id === id);

export const searchTerminology =
  (type: TerminologyType) =>
  async (context: RecordContext, pairs: Iterable<readonly [string, string]>): Promise<Bundle> => {
    const query = parseQuery(pairs, terminologyParameters, { strict: context.strict, sorts: ["_id"] });
    const ids = wantedIds(query);
    const urls = query.all("url").map(({ value }) => value.split(","));
    const found = resourcesOf(type).filter((resource) => {
      const { id = "", url = "", title = "" } = resource as { id?: string; url?: string; title?: string };
      return (
        (ids === undefined || ids.has(id)) &&
        urls.every((wanted) => wanted.includes(url)) &&
        matchesString(query.all("title"), [title])
      );
    });
    return pageOfList(context, type, query, found);
  };
