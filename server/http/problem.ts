import { OutsideTrouble, type RefusalCode, RefusedInput, refusalText } from "@openward/errors";
import type { FastifyReply } from "fastify";
import { ZodError } from "zod";
import { refusalOf } from "./fields.ts";

/** RFC 9457 problem details, with our code, the field at fault and what was expected there. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly field?: string;
  readonly expected?: string;
  readonly [extension: string]: unknown;
}

/** An error may carry members of its own into the answer: `similar` on admission. */
export interface HasProblemExtension {
  readonly problemExtension: Readonly<Record<string, unknown>>;
}

const statusOfCode: Readonly<Partial<Record<RefusalCode, number>>> = {
  MALFORMED_JSON: 400,
  MALFORMED_CBOR: 400,
  MALFORMED_BYTES: 400,
  UDI_MALFORMED: 400,
  CONTEXT_MISSING: 400,
  BODY_SHAPE: 400,
  BODY_TOO_LARGE: 413,
  PACKET_TOO_LARGE: 413,
  CONTENT_TYPE_UNKNOWN: 415,
  CODEC_UNKNOWN: 404,
  DEVICE_UNKNOWN: 404,
  DEVICE_REVOKED: 403,
  DEVICE_SIGN_IN: 401,
  NOT_SIGNED_IN: 401,
  LINK_EXPIRED: 401,
  CLAIM_EXPIRED: 403,
  NOT_PERMITTED: 403,
  SIGN_IN_REFUSED: 403,
  PROOF_NEEDED: 403,
  SCREEN_LOCKED: 423,
  TOPIC_FORBIDDEN: 403,
  TLS_REQUIRED: 403,
  NOT_FOUND: 404,
  NOT_ACCEPTABLE: 406,
  CONFLICT: 409,
  DEVICE_SHARED: 409,
  AGE_UNKNOWN: 409,
  AGE_GROUP_DIFFERS: 409,
  CONSENT_LEAVES_UNWATCHED: 409,
  BED_OCCUPIED: 409,
  LEGAL_HOLD: 409,
  AMENDED_MEANWHILE: 409,
  RATE_LIMITED: 429,
  UNEXPECTED: 500,
  MAIL_NOT_SENT: 503,
  STORE_UNAVAILABLE: 503,
  STORE_RECOVERING: 503,
  AUDIT_UNAVAILABLE: 503,
  DISK_FULL: 507,
  DATABASE_UNREACHABLE: 503,
  ARCHIVE_UNREACHABLE: 503,
};

/** The HTTP status of a refusal; what is well formed and yet wrong is 422. */
export function statusOf(code: RefusalCode): number {
  return statusOfCode[code] ?? 422;
}

/** A refusal as an answer. What was received is not repeated: it may be a patient's name. */
export function problem(
  code: RefusalCode,
  facts: { at?: string; expected?: string } = {},
  status?: number,
): ProblemBody {
  let detail = refusalText[code];
  if (facts.at !== undefined) detail += ` At ${facts.at}.`;
  if (facts.expected !== undefined) detail += ` Expected ${facts.expected}.`;
  return {
    type: `urn:openward:error:${code}`,
    title: refusalText[code],
    status: status ?? statusOf(code),
    detail,
    code,
    ...(facts.at === undefined ? {} : { field: facts.at }),
    ...(facts.expected === undefined ? {} : { expected: facts.expected }),
  };
}

/**
 * What a person or program is told of an error. `undefined`: the fault is ours, and the answer is an id only
 * (`unexpected`), by which the log has the rest.
 */
export function problemOf(error: unknown): ProblemBody | undefined {
  if (error instanceof RefusedInput)
    return { ...extensionOf(error), ...problem(error.code, factsOf(error.facts)), ...retryOf(error.facts) };
  if (error instanceof OutsideTrouble) return problem(error.code, {}, error.code === "DISK_FULL" ? 507 : 503);
  if (error instanceof ZodError) {
    const refusal = refusalOf(error, "body");
    return problem(refusal.code, factsOf(refusal.facts));
  }
  return problemOfFastify(error);
}

/** Our fault: an id to ask for, and nothing else. */
export function unexpected(id: string): ProblemBody {
  return { ...problem("UNEXPECTED"), errorId: id };
}

/** Sends a problem in its own media type, with the headers that belong to its status. */
export function sendProblem(reply: FastifyReply, body: ProblemBody): FastifyReply {
  if (body.status === 503 || body.status === 507 || body.status === 429)
    reply.header("retry-after", String(body.retryAfterS ?? 2));
  if (body.status === 401 && !reply.hasHeader("www-authenticate")) reply.header("www-authenticate", "Bearer");
  return reply
    .code(body.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .send(JSON.stringify(body));
}

function factsOf(facts: RefusedInput["facts"]): { at?: string; expected?: string } {
  return {
    ...(facts.at === undefined ? {} : { at: facts.at }),
    ...(facts.expected === undefined ? {} : { expected: facts.expected }),
  };
}

function retryOf({ retryAfterS }: RefusedInput["facts"]): { retryAfterS?: number } {
  return typeof retryAfterS === "number" ? { retryAfterS } : {};
}

function extensionOf(error: object): Readonly<Record<string, unknown>> {
  return "problemExtension" in error ? (error as HasProblemExtension).problemExtension : {};
}

const codeOfFastify: Readonly<Record<string, RefusalCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: "MALFORMED_JSON",
  FST_ERR_CTP_EMPTY_JSON_BODY: "MALFORMED_JSON",
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "CONTENT_TYPE_UNKNOWN",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "BODY_SHAPE",
};

/** Fastify's own refusals say so by `statusCode`; anything without one is our bug. */
function problemOfFastify(error: unknown): ProblemBody | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  const status = Number(error.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  const known = "code" in error ? codeOfFastify[String(error.code)] : undefined;
  if (known) return problem(known);
  // The JSON parser's own refusal (a duplicate prototype, a stray byte) has no code of Fastify's.
  if (error instanceof SyntaxError) return problem("MALFORMED_JSON");
  return problem("BODY_SHAPE", {}, status);
}
