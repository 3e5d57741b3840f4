import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Resource } from "@openward/fhir/json";
import { type Parameter, targetsOf } from "@openward/fhir/search";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { readResource } from "../read.ts";
import { readObservation } from "../write/texts.ts";
import { definitions } from "./definitions.ts";
import { find } from "./find.ts";
import { observationsOf } from "./include-observations.ts";
import type { Include } from "./query.ts";
import { readWritten } from "./read.ts";
import { isWrittenType } from "./types.ts";

/** With what a page is about: more would be another search. */
const INCLUDED_MAX = 1_000;
const ROUNDS_MAX = 5;

/** What stands beside matches, and what is said of it. */
export interface Included {
  readonly resources: readonly Resource[];
  readonly remarks: readonly OperationOutcomeIssue[];
}

/** What matches refer to, and what refers to them; none of it twice, none that matched itself. */
export async function included(
  context: RecordContext,
  matches: readonly Resource[],
  includes: readonly Include[],
): Promise<Included> {
  const seen = new Set(matches.map(nameOf));
  const all: Resource[] = [];
  const remarks: OperationOutcomeIssue[] = [];
  let from = matches;
  for (let round = 0; round < ROUNDS_MAX && from.length > 0; round++) {
    const found: Resource[] = [];
    for (const one of includes) {
      if (round > 0 && !one.iterates) continue;
      const some = one.isReverse ? await referring(context, from, one, remarks) : await referred(context, from, one);
      for (const resource of some) {
        if (seen.has(nameOf(resource))) continue;
        seen.add(nameOf(resource));
        found.push(resource);
      }
      if (all.length + found.length > INCLUDED_MAX)
        throw new RefusedInput("SEARCH_TOO_COSTLY", { at: "http._include", expected: "a smaller _count" });
    }
    all.push(...found);
    from = found;
  }
  return { resources: all, remarks };
}

const nameOf = ({ resourceType, id }: Resource): string => `${resourceType}/${String(id)}`;

/** What is not there, or not for who asks, is left out: a reference is answered as if it led nowhere. */
async function referred(context: RecordContext, from: readonly Resource[], one: Include): Promise<Resource[]> {
  const wanted = new Set<string>();
  for (const resource of from) {
    if (resource.resourceType !== one.type) continue;
    for (const parameter of parametersOf(one)) {
      for (const found of parameter.pick(resource))
        for (const { reference } of targetsOf(found)) {
          const local = reference?.replace(`${context.base}/`, "") ?? "";
          const [type = "", id = ""] = local.split("/");
          if (id !== "" && !local.includes("://") && (one.target === undefined || one.target === type))
            wanted.add(`${type}/${id}`);
        }
    }
  }
  const found: Resource[] = [];
  for (const name of wanted) {
    const [type = "", id = ""] = name.split("/");
    const resource = await readAny(context, type, id);
    if (resource) found.push(resource);
  }
  return found;
}

async function referring(
  context: RecordContext,
  from: readonly Resource[],
  one: Include,
  remarks: OperationOutcomeIssue[],
): Promise<readonly Resource[]> {
  const isOfObservations = one.type === "Observation";
  if (!isWrittenType(one.type) && !isOfObservations)
    throw new RefusedInput("NOT_SUPPORTED", {
      at: "http._revinclude",
      expected: "Observation, or a type that can be written",
    });
  const parameters = parametersOf(one);
  const targets = from.filter(({ resourceType }) => one.target === undefined || resourceType === one.target);
  if (targets.length === 0) return [];
  if (isOfObservations) {
    const found: Resource[] = [];
    for (const [type, some] of Map.groupBy(targets, ({ resourceType }) => resourceType)) {
      // "patient" is "subject" where that is one; asked for both, the same would be read twice.
      const codes = parameters.filter(
        ({ code, targets: to }) => to.includes(type) && !(one.parameter === "*" && code === "patient"),
      );
      if (codes.length === 0) continue;
      const beside = await observationsOf(
        context,
        some.map(nameOf),
        codes.map(({ code }) => code),
      );
      found.push(...beside.resources);
      remarks.push(...beside.remarks);
    }
    return found;
  }
  const anyOf = parameters.flatMap(({ code }) => targets.map((target) => `${code}\t${nameOf(target)}`));
  const found = await find(
    context,
    one.type,
    { conditions: [{ kind: "terms", anyOf }], sort: [], after: undefined },
    INCLUDED_MAX + 1,
  );
  return found.map((each) => each.resource());
}

function parametersOf({ type, parameter }: Include): readonly Parameter[] {
  const all = [...definitions().table.of(type).values()].filter((one) => one.type === "reference");
  const some = parameter === "*" ? all : all.filter(({ code }) => code === parameter);
  if (some.length === 0)
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: "http._include",
      expected: "a type and a parameter of references",
    });
  return some;
}

/** A resource of whatever kind; undefined: not there for who asks. */
async function readAny(context: RecordContext, type: string, id: string): Promise<Resource | undefined> {
  try {
    return await readOne(context, type, id);
  } catch (error) {
    if (error instanceof RefusedInput && ["NOT_FOUND", "NOT_PERMITTED", "GONE"].includes(error.code)) return undefined;
    throw error;
  }
}

/** @throws RefusedInput NOT_FOUND, NOT_PERMITTED, GONE as a read of it */
export async function readOne(context: RecordContext, type: string, id: string): Promise<Resource> {
  if (context.written && isWrittenType(type)) return readWritten(context, type, id);
  const reached = within(context, type, "r", id);
  const made = type === "Observation" ? await readObservation(reached, id) : await readResource(reached, type, id);
  return made as unknown as Resource;
}
