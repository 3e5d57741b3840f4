import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "../context.ts";
import { redactedResource } from "../redaction.ts";
import { isWrittenType } from "../written/types.ts";
import { everything } from "./everything-bundle.ts";
import { exportOperation } from "./export.ts";
import { importOperation } from "./import.ts";
import { lastn } from "./lastn.ts";
import { match } from "./match.ts";
import { meta, metaAdd, metaDelete } from "./meta.ts";
import type { Operation, OperationAnswer, OperationPlace, OperationRequest } from "./operation.ts";
import { stats } from "./stats.ts";

/** What works: the routes, `metadata` and the tests all go by this list. Vocabularies and validation have tables of their own. */
export const operations: readonly Operation[] = [
  everything,
  exportOperation,
  importOperation,
  lastn,
  match,
  meta,
  metaAdd,
  metaDelete,
  stats,
];

const byName = new Map(operations.map((one) => [one.name, one]));

const isAmong = (all: readonly string[] | undefined, type: string): boolean =>
  all?.includes(type) === true || (all?.includes("written") === true && isWrittenType(type));

/** Those of one type, or, without one, of the whole server. */
export function operationsAt(type: string | undefined): readonly Operation[] {
  return operations.filter((one) =>
    type === undefined ? one.system === true : isAmong(one.types, type) || isAmong(one.instances, type),
  );
}

/** Is there an operation of that name, wherever it may be asked? */
export const isOperation = (place: OperationPlace | undefined): place is OperationPlace =>
  place !== undefined && byName.has(place.name);

/** @throws RefusedInput NOT_SUPPORTED where it is not asked like this; what the operation throws */
export async function answerOperation(
  context: RecordContext,
  place: OperationPlace,
  request: OperationRequest,
): Promise<OperationAnswer> {
  const one = byName.get(place.name) as Operation; // isOperation has found it
  const { type, id } = place;
  const isThere = type === undefined ? one.system : isAmong(id === undefined ? one.types : one.instances, type);
  if (!isThere) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: levelsOf(one) });
  const methods = one.method ? [one.method] : one.isChange ? ["POST"] : ["GET", "POST"];
  if (!methods.includes(request.method))
    throw new RefusedInput("NOT_SUPPORTED", { at: "http.method", expected: methods.join(" or ") });
  const answer = await one.answer(context, place, request);
  return { ...answer, resource: redactedResource(answer.resource, context.view.principal.role) };
}

function levelsOf({ name, system, types = [], instances = [] }: Operation): string {
  const all = [
    ...(system ? [`$${name}`] : []),
    ...types.map((type) => `${type}/$${name}`),
    ...instances.map((type) => `${type}/{id}/$${name}`),
  ];
  return all.join(", ").replaceAll("written/", "{type}/");
}
