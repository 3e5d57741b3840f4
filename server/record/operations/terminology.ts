import type { Coding, Parameters, ParametersParameter, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import {
  type Coded,
  codeSystemOf,
  codeSystems,
  conceptMapOf,
  conceptMaps,
  expand,
  lookup,
  subsumes,
  translate,
  type ValueSet,
  type Verdict,
  validateInSet,
  validateInSystem,
  valueSetOf,
  valueSetResource,
  valueSets,
} from "@openward/fhir/terminology";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { fhirTime } from "../resources/time.ts";
import { type Given, readGiven } from "./parameters.ts";

/** An operation on a vocabulary, or on one that is named by its id. */
export interface TerminologyPlace {
  readonly type: string;
  readonly id: string | undefined;
  readonly operation: string;
}

interface Operation {
  readonly definition: string;
  readonly parameters: ReadonlySet<string>;
  /** Is it there for one resource, too? */
  readonly onInstance: boolean;
  /** @param url canonical address of the resource that the address of the request names */
  answer(given: Given, url: string | undefined, context: RecordContext): Resource;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const wrong = (name: string, expected: string) => new RefusedInput("FIELD_INVALID", { at: name, expected });

/** What works, by type and name: the routes, `metadata` and the tests all go by this table. */
export const terminologyOperations: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  CodeSystem: {
    lookup: {
      definition: "CodeSystem-lookup",
      parameters: names("code system version coding date displayLanguage property"),
      onInstance: false,
      answer(given) {
        const [coded, version] = codedOf(given);
        const { system, concept, children } = lookup(coded, version);
        const property = (code: string, value: object): ParametersParameter => ({
          name: "property",
          part: [
            { name: "code", valueCode: code },
            { name: "value", ...value },
          ],
        });
        return parameters([
          { name: "name", valueString: system.title },
          ...(system.version === undefined ? [] : [{ name: "version", valueString: system.version }]),
          { name: "display", valueString: concept.display },
          ...(concept.definition ? [property("definition", { valueString: concept.definition })] : []),
          ...concept.parents.map((parent) => property("parent", { valueCode: parent })),
          ...children.map((child) => property("child", { valueCode: child })),
          ...(concept.inactive ? [property("inactive", { valueBoolean: true })] : []),
          ...(concept.abstract ? [property("notSelectable", { valueBoolean: true })] : []),
          ...(system.copyright === undefined ? [] : [property("copyright", { valueString: system.copyright })]),
        ]);
      },
    },
    "validate-code": {
      definition: "CodeSystem-validate-code",
      parameters: names("url code version display coding codeableConcept date abstract displayLanguage"),
      onInstance: true,
      answer(given, own) {
        const url = own ?? given.text("url");
        const codings = codingsOf(given, url);
        if (url !== undefined) codeSystemOf(url, given.text("version"));
        return verdictOf(
          codings.map((coded) =>
            url !== undefined && coded.system !== url
              ? { result: false, message: `The code is none of ${url}.` }
              : validateInSystem(coded, given.text("version")),
          ),
        );
      },
    },
    subsumes: {
      definition: "CodeSystem-subsumes",
      parameters: names("codeA codeB system version codingA codingB"),
      onInstance: true,
      answer(given, own) {
        const [a, b] = (["A", "B"] as const).map((letter) => {
          const [coding] = given.codings(`coding${letter}`);
          return {
            system: own ?? coding?.system ?? given.text("system"),
            code: coding?.code ?? given.text(`code${letter}`),
          };
        });
        if (!a?.system || a.system !== b?.system) throw wrong("system", "the code system of both");
        if (!a.code || !b.code) throw wrong(a.code ? "codeB" : "codeA", "a code");
        const outcome = subsumes(a.system, a.code, b.code, given.text("version"));
        return parameters([{ name: "outcome", valueCode: outcome }]);
      },
    },
  },
  ValueSet: {
    expand: {
      definition: "ValueSet-expand",
      parameters: names(
        "url valueSetVersion filter offset count activeOnly includeDesignations includeDefinition excludeNested displayLanguage date",
      ),
      onInstance: true,
      answer(given, own, { clock }) {
        const set = setOf(own ?? given.text("url"));
        const asked = {
          filter: given.text("filter"),
          offset: given.whole("offset"),
          count: given.whole("count"),
          activeOnly: given.flag("activeOnly"),
        };
        const value = {
          filter: "valueString",
          offset: "valueInteger",
          count: "valueInteger",
          activeOnly: "valueBoolean",
        };
        const parameter = Object.entries(asked).flatMap(([name, one]) =>
          one === undefined ? [] : [{ name, [value[name as keyof typeof value]]: one }],
        );
        return valueSetResource(set, {
          ...expand(set, asked),
          timestamp: fhirTime(clock.now()),
          parameter,
        }) as unknown as Resource;
      },
    },
    "validate-code": {
      definition: "ValueSet-validate-code",
      parameters: names(
        "url valueSetVersion code system systemVersion display coding codeableConcept date abstract displayLanguage inferSystem",
      ),
      onInstance: true,
      answer(given, own) {
        const set = setOf(own ?? given.text("url"));
        const [first] = set.include;
        // A code alone is clear where the set has one system.
        const only = set.include.every(({ system }) => system === first?.system) ? first?.system : undefined;
        return verdictOf(codingsOf(given, given.text("system") ?? only).map((coded) => validateInSet(set, coded)));
      },
    },
  },
  ConceptMap: {
    translate: {
      definition: "ConceptMap-translate",
      parameters: names("url code system version source coding codeableConcept target targetsystem reverse"),
      onInstance: true,
      answer(given, own) {
        const url = own ?? given.text("url");
        const map = url === undefined ? undefined : conceptMapOf(url);
        const targetSystem = given.text("targetsystem");
        const reverse = given.flag("reverse");
        const matches = codingsOf(given, given.text("system")).flatMap((coded) =>
          translate(coded, { map, targetSystem, reverse }),
        );
        return parameters([
          { name: "result", valueBoolean: matches.length > 0 },
          ...(matches.length > 0 ? [] : [{ name: "message", valueString: "No map that is shipped has this code." }]),
          ...matches.map(({ system, code, display, equivalence, map: from }) => ({
            name: "match",
            part: [
              { name: "equivalence", valueCode: equivalence },
              { name: "concept", valueCoding: { system, code, ...(display === undefined ? {} : { display }) } },
              { name: "source", valueUri: from.url },
            ],
          })),
        ]);
      },
    },
  },
};

/** "CodeSystem/$lookup", "ValueSet/observation-status/$expand"; anything else is none of these. */
export function terminologyPlace(path: string): TerminologyPlace | undefined {
  const [, type = "", id, operation = ""] =
    /^([A-Za-z]+)(?:\/([A-Za-z0-9.-]{1,64}))?\/(?:\$|%24)([a-z-]+)$/.exec(path) ?? [];
  const found = Object.hasOwn(terminologyOperations, type) ? terminologyOperations[type] : undefined;
  return found && Object.hasOwn(found, operation) ? { type, id, operation } : undefined;
}

/**
 * R4's operations on the vocabularies that are shipped; nothing of a patient is in them.
 *
 * @throws RefusedInput NOT_FOUND, PARAMETER_UNKNOWN, FIELD_INVALID, BODY_SHAPE; NOT_PERMITTED for an application without the scope
 */
export function answerTerminology(
  context: RecordContext,
  { type, id, operation }: TerminologyPlace,
  query: URLSearchParams,
  body: unknown,
): Resource {
  const allowed = within(context, type, "r", id);
  const one = terminologyOperations[type]?.[operation] as Operation; // terminologyPlace has found it
  const url = id === undefined ? undefined : canonicalOf(type, id);
  if (id !== undefined && !one.onInstance)
    throw new RefusedInput("NOT_SUPPORTED", { expected: `${type}/$${operation}` });
  return one.answer(readGiven(query, body, one.parameters), url, allowed);
}

/** @throws RefusedInput NOT_FOUND */
function canonicalOf(type: string, id: string): string {
  const all = type === "CodeSystem" ? codeSystems : type === "ValueSet" ? valueSets : conceptMaps;
  for (const one of all.values()) if (one.id === id) return one.url;
  throw new RefusedInput("NOT_FOUND");
}

function setOf(url: string | undefined): ValueSet {
  if (url === undefined) throw wrong("url", "the address of a value set");
  return valueSetOf(url.split("|")[0] ?? "");
}

/** Exactly one code with its system. */
function codedOf(given: Given): [Coded, string | undefined] {
  const [coding] = given.codings("coding");
  const system = coding?.system ?? given.text("system");
  const code = coding?.code ?? given.text("code");
  if (system === undefined) throw wrong("system", "the code system");
  if (code === undefined) throw wrong("code", "a code");
  return [{ system, code }, coding?.version ?? given.text("version")];
}

/** What is asked about: a code, a Coding, or the codings of a CodeableConcept. */
function codingsOf(given: Given, system: string | undefined): Coded[] {
  const codings: readonly Coding[] = [...given.codings("coding"), ...given.codings("codeableConcept")];
  if (codings.length > 0)
    return codings.map(({ system: own, code, display }) => {
      if (code === undefined) throw wrong("coding", "a coding with a code");
      return { system: own ?? system ?? "", code, display };
    });
  const code = given.text("code");
  if (code === undefined) throw wrong("code", "a code, a coding or a codeableConcept");
  if (system === undefined) throw wrong("system", "the code system");
  return [{ system, code, display: given.text("display") }];
}

/** Of several codings one that is right is enough. */
function verdictOf(verdicts: readonly Verdict[]): Parameters {
  const { result, message, display } = verdicts.find((one) => one.result) ?? (verdicts[0] as Verdict);
  return parameters([
    { name: "result", valueBoolean: result },
    ...(message === undefined ? [] : [{ name: "message", valueString: message }]),
    ...(display === undefined ? [] : [{ name: "display", valueString: display }]),
  ]);
}

const parameters = (parameter: ParametersParameter[]): Parameters => ({ resourceType: "Parameters", parameter });
