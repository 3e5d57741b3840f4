import type { FhirObject, Resource } from "../json/index.ts";
import { type CodeSystem, codeSystems } from "./code-systems.ts";
import type { ConceptMap } from "./concept-maps.ts";
import { displayOf, type Expansion } from "./questions.ts";
import type { ValueSet } from "./value-sets.ts";

const withVersion = (version: string | undefined) => (version === undefined ? {} : { version });
const withDisplay = (system: string, code: string): FhirObject => {
  const display = displayOf(system, code);
  return display === undefined ? { code } : { code, display };
};

/** R4 has names as identifiers of programs: some of its own vocabularies do not. */
const machineName = (name: string): string => {
  const word = name.replace(/\W/g, "_");
  return `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`;
};

/** A code system as a resource; what a code is a kind of stands in its property `parent`, since some have several. */
export function codeSystemResource(system: CodeSystem): Resource {
  const { id, url, version, name, title, content, copyright, concepts } = system;
  const all = [...concepts.values()];
  const hasParents = all.some(({ parents }) => parents.length > 0);
  const hasFlags = (flag: "abstract" | "inactive") => all.some((one) => one[flag]);
  return {
    resourceType: "CodeSystem",
    id,
    url,
    ...withVersion(version),
    name: machineName(name),
    title,
    status: "active",
    experimental: false,
    ...(copyright === undefined ? {} : { copyright }),
    caseSensitive: true,
    ...(hasParents ? { hierarchyMeaning: "is-a" } : {}),
    content,
    ...(content === "not-present" ? {} : { count: all.length }),
    ...(hasParents || hasFlags("abstract") || hasFlags("inactive")
      ? {
          property: [
            ...(hasParents ? [{ code: "parent", uri: `${CONCEPT_PROPERTIES}#parent`, type: "code" }] : []),
            ...(hasFlags("abstract")
              ? [{ code: "notSelectable", uri: `${CONCEPT_PROPERTIES}#notSelectable`, type: "boolean" }]
              : []),
            ...(hasFlags("inactive")
              ? [{ code: "inactive", uri: `${CONCEPT_PROPERTIES}#inactive`, type: "boolean" }]
              : []),
          ],
        }
      : {}),
    ...(all.length === 0
      ? {}
      : {
          concept: all.map(({ code, display, definition, parents, abstract, inactive }) => {
            const property = [
              ...parents.map((parent) => ({ code: "parent", valueCode: parent })),
              ...(abstract ? [{ code: "notSelectable", valueBoolean: true }] : []),
              ...(inactive ? [{ code: "inactive", valueBoolean: true }] : []),
            ];
            return {
              code,
              display,
              ...(definition ? { definition } : {}),
              ...(property.length > 0 ? { property } : {}),
            };
          }),
        }),
  };
}

const CONCEPT_PROPERTIES = "http://hl7.org/fhir/concept-properties";

/** A value set as a resource, with its expansion where it was asked for. */
export function valueSetResource(
  set: ValueSet,
  expansion?: Expansion & { readonly timestamp: string; readonly parameter: readonly FhirObject[] },
): Resource {
  const { id, url, version, name, title, include } = set;
  const notices = [...new Set(include.flatMap(({ system }) => codeSystems.get(system)?.copyright ?? []))];
  return {
    resourceType: "ValueSet",
    id,
    url,
    ...withVersion(version),
    name: machineName(name),
    title,
    status: "active",
    experimental: false,
    ...(notices.length === 0 ? {} : { copyright: notices.join(" ") }),
    compose: {
      include: include.map(({ system, concept, filter }) => ({
        system,
        ...(concept ? { concept: concept.map((one) => ({ ...one })) } : {}),
        ...(filter ? { filter: filter.map((one) => ({ ...one })) } : {}),
      })),
    },
    ...(expansion === undefined
      ? {}
      : {
          expansion: {
            timestamp: expansion.timestamp,
            total: expansion.total,
            offset: expansion.offset,
            ...(expansion.parameter.length === 0 ? {} : { parameter: [...expansion.parameter] }),
            ...(expansion.members.length === 0
              ? {}
              : {
                  contains: expansion.members.map(({ system, code, display, abstract, inactive }) => ({
                    system,
                    ...(abstract ? { abstract } : {}),
                    ...(inactive ? { inactive } : {}),
                    code,
                    display,
                  })),
                }),
          },
        }),
  };
}

/** cmd-1: what is lost is said. */
const COMMENTS: Readonly<Record<string, string>> = {
  narrower: "The source has several of these: this is one of them.",
  inexact: "Each has several of the other: what was measured tells which.",
};

export function conceptMapResource({ id, url, title, source, target, mappings }: ConceptMap): Resource {
  const codes = [...new Set(mappings.map(({ code }) => code))];
  const notices = [...new Set([source, target].flatMap((system) => codeSystems.get(system)?.copyright ?? []))];
  return {
    resourceType: "ConceptMap",
    id,
    url,
    name: `Openward${title.replace(/\W/g, "")}`,
    title,
    status: "active",
    experimental: false,
    ...(notices.length === 0 ? {} : { copyright: notices.join(" ") }),
    group: [
      {
        source,
        target,
        element: codes.map((code) => ({
          ...withDisplay(source, code),
          target: mappings
            .filter((mapping) => mapping.code === code)
            .map(({ target: other, equivalence }) => ({
              ...withDisplay(target, other),
              equivalence,
              ...(COMMENTS[equivalence] === undefined ? {} : { comment: COMMENTS[equivalence] }),
            })),
        })),
      },
    ],
  };
}
