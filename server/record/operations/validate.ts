import type { OperationOutcome, OperationOutcomeIssue, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { plainFhir } from "@openward/fhir/json";
import { capabilityStatement } from "../capability.ts";
import type { RecordContext } from "../context.ts";
import { issueOf } from "../outcome.ts";
import { within } from "../reach.ts";
import { readResource } from "../read.ts";
import { redactedResource } from "../redaction.ts";
import { readWritten } from "../written/read.ts";
import { isWrittenType } from "../written/types.ts";

/** What `$validate` is asked of: a type, or one that is stored. */
export interface ValidationPlace {
  readonly type: string;
  readonly id: string | undefined;
}

/** What is asked, from the address and the body. */
interface Asked {
  readonly mode: string | undefined;
  readonly profiles: readonly string[];
  readonly resource: unknown;
}

const MODES = new Set(["create", "update", "delete", "profile"]);
/** Each is a walk over the resource. */
const PROFILES_MAX = 20;

/** "Observation/$validate", "Patient/1/$validate"; anything else is not about validation. */
export function validationPlace(path: string): ValidationPlace | undefined {
  const [, type, id] = /^([A-Z][A-Za-z]{1,63})(?:\/([A-Za-z0-9.-]{1,64}))?\/\$validate$/.exec(path) ?? [];
  return type === undefined ? undefined : { type, id };
}

/**
 * R4's operation Resource-validate: of what is sent, or, where nothing is, of what is stored under the id, as it would be read.
 * The answer repeats no value.
 *
 * @returns an outcome with issues of every severity; that it has errors is no error of the request
 * @throws RefusedInput where the question itself is wrong, or what is asked for is not there
 */
export async function validateOperation(
  context: RecordContext,
  { type, id }: ValidationPlace,
  query: URLSearchParams,
  body: unknown,
): Promise<OperationOutcome> {
  const { mode, profiles, resource: sent } = askedOf(query, body);
  const stored =
    id === undefined ? undefined : await readAs(context, type, id, sent === undefined || mode === "delete");
  const resource = sent ?? stored;
  const issue: OperationOutcomeIssue[] = [];
  if (mode === "delete") {
    if (id === undefined) throw wrong("mode", "the address of what is to be deleted");
  } else {
    if (resource === undefined) throw new RefusedInput("BODY_SHAPE", { expected: `a ${type}, or Parameters with one` });
    const { validate } = await import("@openward/fhir/validate");
    for (const one of validate(plainFhir(resource), { profiles })) {
      const { severity, code, expression, text } = one;
      issue.push({ severity, code, details: { text }, expression: [expression] });
    }
    const given = resource as { resourceType?: unknown; id?: unknown };
    if (given.resourceType !== type) issue.push(structure("resourceType", `a ${type}, as the address says`));
    if (mode === "update" && id !== undefined && given.id !== id)
      issue.push(structure(`${type}.id`, "the id of the address"));
  }
  if (mode !== undefined && mode !== "profile" && !can(context, type, mode)) {
    issue.push(issueOf("NOT_SUPPORTED", { at: type, expected: `what can be done here: ${mode} is not` }));
  }
  if (issue.length === 0) {
    issue.push({
      severity: "information",
      code: "informational",
      details: { text: "Everything that is asked of it holds." },
    });
  }
  return { resourceType: "OperationOutcome", issue };
}

/** Nothing is told of what the asker may not read, nor of what is withheld from their role. */
async function readAs(
  context: RecordContext,
  type: string,
  id: string,
  isNeeded: boolean,
): Promise<Resource | undefined> {
  if (!isNeeded) return undefined;
  if (context.written && isWrittenType(type)) return (await readWritten(context, type, id)) as unknown as Resource; // it was held against R4
  return redactedResource(await readResource(within(context, type, "r", id), type, id), context.view.principal.role);
}

/** Whether metadata says that this is done here to this type. */
function can(
  { written, subscriptions }: Pick<RecordContext, "written" | "subscriptions">,
  type: string,
  mode: string,
): boolean {
  const [keepsWritten, tells] = [written !== undefined, subscriptions !== undefined];
  const of = { version: "", startedAt: 0, keepsWritten, tells };
  const resources = capabilityStatement("", of).rest?.flatMap((rest) => rest.resource ?? []) ?? [];
  return resources.find((one) => one.type === type)?.interaction?.some(({ code }) => code === mode) ?? false;
}

function askedOf(query: URLSearchParams, body: unknown): Asked {
  const parameters = parametersIn(body);
  const named = (name: string) => (parameters ?? []).filter((one) => one.name === name);
  const values = (name: string) => [...query.getAll(name), ...named(name).map(valueIn)];
  const [mode, ...modes] = values("mode");
  if (modes.length > 0 || (mode !== undefined && !MODES.has(String(mode)))) {
    throw wrong("mode", "create, update, delete or profile, once");
  }
  const profiles = values("profile").map((one) => {
    if (typeof one !== "string") throw wrong("profile", "a canonical url");
    return one;
  });
  if (profiles.length > PROFILES_MAX) throw wrong("profile", `at most ${PROFILES_MAX} profiles`);
  if (mode === "profile" && profiles.length === 0) throw wrong("profile", "a profile, as the mode says");
  const resources = named("resource");
  if (resources.length > 1) throw wrong("resource", "one resource");
  return {
    mode: mode as string | undefined, // one of MODES
    profiles,
    resource: parameters ? resources[0]?.resource : (body ?? undefined),
  };
}

interface Parameter {
  readonly name?: unknown;
  readonly resource?: unknown;
}

/** A Parameters that names none of the operation's own is itself what is to be validated. */
function parametersIn(body: unknown): readonly Parameter[] | undefined {
  const { resourceType, parameter } = (body ?? {}) as { resourceType?: unknown; parameter?: unknown };
  if (resourceType !== "Parameters" || !Array.isArray(parameter)) return undefined;
  const all = parameter.filter((one): one is Parameter => typeof one === "object" && one !== null);
  return all.some(({ name }) => name === "resource" || name === "mode" || name === "profile") ? all : undefined;
}

function valueIn(parameter: Parameter): unknown {
  return Object.entries(parameter).find(([key]) => key.startsWith("value"))?.[1];
}

const wrong = (name: string, expected: string) =>
  new RefusedInput("FIELD_INVALID", { at: `Parameters.parameter.where(name = '${name}')`, expected });

const structure = (at: string, expected: string): OperationOutcomeIssue => issueOf("BODY_SHAPE", { at, expected });
