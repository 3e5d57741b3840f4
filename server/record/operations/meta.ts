import type { Meta, Parameters, Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { type FhirObject, isObject, type Resource } from "@openward/fhir/json";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { readResource, readVersions } from "../read.ts";
import { redactedResource } from "../redaction.ts";
import { searchables } from "../search/index.ts";
import { resourceOf } from "../written/present.ts";
import { isReached, reachOf } from "../written/reach.ts";
import { readWritten, readWrittenVersion } from "../written/read.ts";
import { isWrittenType } from "../written/types.ts";
import { perform, planPatch } from "../written/write.ts";
import type { Operation, OperationPlace } from "./operation.ts";

const DEFINITION = "http://hl7.org/fhir/OperationDefinition/Resource-meta";
/** What is in use is found by looking at all of them. */
const LOOKED_AT_MAX = 10_000;
const PAGE = 1_000;
const SETS = ["profile", "security", "tag"] as const;

/** R4's Resource-meta: of one resource or one of its versions, or what labels are in use among what others wrote. */
export const meta: Operation = {
  name: "meta",
  definition: DEFINITION,
  system: true,
  types: ["written"],
  instances: ["written", ...Object.keys(searchables), "Provenance", "Practitioner", "RelatedPerson"],
  async answer(context, place) {
    const { type, id } = place;
    if (type === undefined || id === undefined) return answerOf(await inUse(context, type));
    return answerOf((await readAt(context, type, id, place.version)).meta ?? {});
  },
};

/** Adds to the sets of profiles, labels and tags: the same once more changes nothing. */
export const metaAdd: Operation = {
  name: "meta-add",
  definition: `${DEFINITION}-add`,
  instances: ["written"],
  isChange: true,
  answer: (context, place, { body }) => changed(context, place, body, joined),
};

export const metaDelete: Operation = {
  name: "meta-delete",
  definition: `${DEFINITION}-delete`,
  instances: ["written"],
  isChange: true,
  answer: (context, place, { body }) => changed(context, place, body, without),
};

const answerOf = (value: Meta) => ({
  status: 200,
  // Of nothing in use there is nothing to be given back: an element without anything in it is not FHIR.
  resource: {
    resourceType: "Parameters",
    ...(Object.keys(value).length > 0 && { parameter: [{ name: "return", valueMeta: value }] }),
  } satisfies Parameters,
});

async function readAt(context: RecordContext, type: string, id: string, version: string | undefined): Promise<Typed> {
  if (isWrittenType(type)) {
    const read =
      version === undefined ? readWritten(context, type, id) : readWrittenVersion(context, type, id, version);
    return (await read) as unknown as Typed; // it was held against R4
  }
  const scoped = within(context, type, "r", id);
  const all = version === undefined ? undefined : await readVersions(scoped, type, id);
  const resource = all ? all.find((one) => one.meta?.versionId === version) : await readResource(scoped, type, id);
  if (!resource) throw new RefusedInput("NOT_FOUND");
  return redactedResource(resource, context.view.principal.role);
}

/** @throws RefusedInput SEARCH_TOO_COSTLY */
async function inUse(context: RecordContext, type: string | undefined): Promise<Meta> {
  const { written, view } = context;
  if (!written) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "{type}/{id}/$meta" });
  const whose = reachOf(context, type ?? "*", "s");
  let all: FhirObject = {};
  let after: { type: string; id: string } | undefined;
  for (let seen = 0; ; seen += PAGE) {
    if (seen >= LOOKED_AT_MAX)
      throw new RefusedInput("SEARCH_TOO_COSTLY", { at: "http.url", expected: "a type of which there are fewer" });
    const page = await written.resources.list(view.principal, {
      ...(type === undefined ? {} : { types: [type] }),
      ...(after ? { after } : {}),
      limit: PAGE,
      whose,
    });
    for (const one of page) {
      await context.turn();
      const given = isReached(view, whose, one.patientIds) ? resourceOf(one).meta : undefined;
      if (isObject(given)) all = joined(all, given);
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    after = { type: last.type, id: last.id };
  }
  return all as Meta; // sets of what was held against R4
}

async function changed(
  context: RecordContext,
  { type = "", id = "" }: OperationPlace,
  body: unknown,
  change: (before: FhirObject, given: FhirObject) => FhirObject,
) {
  const given = metaIn(body);
  const done = await perform(context, () =>
    planPatch(context, { type, id }, (resource) => {
      const before = isObject(resource.meta) ? resource.meta : {};
      return { ...resource, meta: change(before, given) } as Resource;
    }),
  );
  return answerOf(((done.resource as unknown as Typed | undefined)?.meta ?? {}) as Meta);
}

function metaIn(body: unknown): FhirObject {
  const { resourceType, parameter } = (body ?? {}) as { resourceType?: unknown; parameter?: unknown };
  const found: unknown[] = resourceType === "Parameters" && Array.isArray(parameter) ? parameter : [];
  const [only, ...others] = found.filter((one) => isObject(one) && one.name === "meta");
  const value = isObject(only) ? only.valueMeta : undefined;
  if (!isObject(value) || others.length > 0)
    throw new RefusedInput("BODY_SHAPE", {
      at: "Parameters.parameter.where(name = 'meta')",
      expected: "one valueMeta",
    });
  for (const name of SETS)
    if (value[name] !== undefined && !Array.isArray(value[name]))
      throw new RefusedInput("BODY_SHAPE", { at: `Meta.${name}`, expected: "a list" });
  return value;
}

/** A label is its system and code, whatever it is called; a profile its address. */
const keyOf = (one: unknown): string =>
  isObject(one) ? `${String(one.system ?? "")}|${String(one.code ?? "")}` : String(one);

const listOf = (of: FhirObject, name: string): readonly unknown[] => (Array.isArray(of[name]) ? of[name] : []);

function joined(before: FhirObject, given: FhirObject): FhirObject {
  return withSets(before, (name) => {
    const known = new Set(listOf(before, name).map(keyOf));
    const added = listOf(given, name).filter((one) => !known.has(keyOf(one)) && known.add(keyOf(one)));
    return [...listOf(before, name), ...added];
  });
}

function without(before: FhirObject, given: FhirObject): FhirObject {
  return withSets(before, (name) => {
    const gone = new Set(listOf(given, name).map(keyOf));
    return listOf(before, name).filter((one) => !gone.has(keyOf(one)));
  });
}

function withSets(before: FhirObject, of: (name: string) => readonly unknown[]): FhirObject {
  const { profile: _p, security: _s, tag: _t, ...others } = before;
  const sets = SETS.flatMap((name) => {
    const all = of(name);
    return all.length > 0 ? [[name, all] as const] : [];
  });
  return { ...others, ...Object.fromEntries(sets) } as FhirObject; // lists of what JSON had
}
