import type { OperationOutcome, OperationOutcomeIssue } from "@medplum/fhirtypes";
import { OutsideTrouble, type RefusalCode, type RefusalFacts, RefusedInput, refusalText } from "@openward/errors";

/** Codes of packages/errors in `OperationOutcome.issue.details.coding`. */
export const ERROR_SYSTEM = "urn:openward:error";

/** HTTP status and FHIR issue type of the refusals that this room answers with; others are 400, "invalid". */
const kinds: Readonly<Partial<Record<RefusalCode, readonly [status: number, issue: OperationOutcomeIssue["code"]]>>> = {
  NOT_SIGNED_IN: [401, "login"],
  NOT_PERMITTED: [403, "forbidden"],
  NOT_FOUND: [404, "not-found"],
  NOT_SUPPORTED: [405, "not-supported"],
  NOT_ACCEPTABLE: [406, "not-supported"],
  PARAMETER_UNKNOWN: [400, "not-supported"],
  FIELD_INVALID: [400, "value"],
  SEARCH_TOO_COSTLY: [422, "too-costly"],
  CONFLICT: [409, "conflict"],
  VERSION_DIFFERS: [412, "conflict"],
  SEVERAL_MATCH: [412, "multiple-matches"],
  GONE: [410, "deleted"],
  BODY_TOO_LARGE: [413, "too-long"],
  CONTENT_TYPE_UNKNOWN: [415, "not-supported"],
  MALFORMED_JSON: [400, "structure"],
  BODY_SHAPE: [400, "structure"],
  PATH_TOO_COSTLY: [400, "too-costly"],
  PATCH_INVALID: [400, "structure"],
  PATCH_REFUSED: [422, "processing"],
  RATE_LIMITED: [429, "throttled"],
  STORE_UNAVAILABLE: [503, "transient"],
  STORE_RECOVERING: [503, "transient"],
  AUDIT_UNAVAILABLE: [503, "transient"],
  DATABASE_UNREACHABLE: [503, "transient"],
  INTERNAL_ERROR: [500, "exception"],
};

/** Medplum's router tells the status of a batch entry by this id. */
const medplumId: Readonly<Record<number, string>> = { 401: "unauthorized", 403: "forbidden", 404: "not-found" };

/** One issue. What was received is not repeated: it may be a patient's name. */
export function issueOf(
  code: RefusalCode,
  facts: RefusalFacts = {},
  severity: OperationOutcomeIssue["severity"] = "error",
): OperationOutcomeIssue {
  const expected = facts.expected === undefined ? "" : ` Expected ${facts.expected}.`;
  return {
    severity,
    code: kinds[code]?.[1] ?? "invalid",
    details: {
      coding: [{ system: ERROR_SYSTEM, code, display: refusalText[code] }],
      text: `${refusalText[code]}${facts.at === undefined ? "" : ` At ${facts.at}.`}${expected}`,
    },
    ...(facts.at === undefined ? {} : { expression: [facts.at] }),
  };
}

export function outcomeOf(code: RefusalCode, facts: RefusalFacts = {}): OperationOutcome {
  const id = medplumId[statusOfCode(code)];
  return { resourceType: "OperationOutcome", ...(id === undefined ? {} : { id }), issue: [issueOf(code, facts)] };
}

/** An error as what the asker is told; `undefined` where the fault is ours and belongs in the log. */
export function outcomeOfError(error: unknown): OperationOutcome | undefined {
  if (error instanceof RefusedInput || error instanceof OutsideTrouble) {
    return outcomeOf(error.code, error instanceof RefusedInput ? error.facts : {});
  }
  // Medplum's OperationOutcomeError, told by its shape: this file is loaded before Medplum is.
  if (error instanceof Error && "outcome" in error) return error.outcome as OperationOutcome;
  return undefined;
}

function statusOfCode(code: RefusalCode): number {
  return kinds[code]?.[0] ?? 400;
}

/** Status of an outcome: by our code where it has one, 200 for Medplum's "ok", 404 or 400 for its other answers. */
export function statusOf(outcome: OperationOutcome): number {
  const issue = outcome.issue[0];
  const coding = issue?.details?.coding?.find((c) => c.system === ERROR_SYSTEM);
  if (coding?.code !== undefined && Object.hasOwn(refusalText, coding.code)) {
    return statusOfCode(coding.code as RefusalCode); // just looked up in the catalogue
  }
  if (outcome.id === "ok") return 200;
  if (outcome.id === "not-found") return 404;
  return issue?.severity === "information" ? 200 : 400;
}
