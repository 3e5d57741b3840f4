import {
  checkProfile,
  type DevicePart,
  type Message,
  parseMessage,
  partsByDevice,
  partsOf,
} from "@openward/codecs/hl7v2";
import { type RefusalCode, RefusedInput } from "@openward/errors";
import type { Problem } from "@openward/model";
import type { SignedInDevice } from "../ports.ts";
import { DEVICE_ID, mayUse } from "../topic.ts";
import type { Fault, Hl7Error } from "./acknowledgement.ts";

/** What becomes of a message of a type: the codec that reads it, and whether it is one. */
interface Handler {
  readonly codec: string;
  /** @throws RefusedInput MALFORMED_BYTES, at a field of MSH */
  check(message: Message, bytes: Uint8Array): void;
}

const OBSERVATIONS = "hl7v2/pcd01";

/** By MSH-9: a further profile (PCD-04, ADT, SDC) is a line here, and its codec. */
const handlers: Readonly<Record<string, Handler>> = {
  "ORU^R01": { codec: OBSERVATIONS, check: (message, bytes) => checkProfile(message, bytes, OBSERVATIONS) },
};

/** What is taken here, as MSH-9 says it; another is rejected. */
export const messageTypes: readonly string[] = Object.keys(handlers);

/** A device that is none of those which the sender may speak for. */
export const UNKNOWN: unique symbol = Symbol("unknown device");

export interface Accepted {
  readonly codec: string;
  readonly parts: readonly DevicePart<string | typeof UNKNOWN>[];
}

export interface Rejected {
  readonly fault: Fault;
}

/**
 * @returns `message` with its header only where the rest cannot be read (`isWhole` false: its codec says why, and it is
 *   quarantined); undefined where not even that can
 */
export function readMessage(bytes: Buffer): { readonly message: Message | undefined; readonly isWhole: boolean } {
  try {
    return { message: parseMessage(bytes, OBSERVATIONS), isWhole: true };
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    return { message: headerOf(bytes), isWhole: false };
  }
}

export const UNREADABLE: Fault = {
  at: "MSH^1",
  code: 100,
  severity: "E",
  refusal: "MALFORMED_BYTES",
  expected: "a segment MSH with its delimiters",
};

/** The first segment alone: enough to say to whom the answer goes. */
function headerOf(bytes: Buffer): Message | undefined {
  const end = bytes.findIndex((byte) => byte === 13 || byte === 10);
  try {
    return parseMessage(bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, 8_192)), OBSERVATIONS);
  } catch {
    return undefined;
  }
}

/** Whose the parts of a message are, or why it is not one that is taken here. */
export function sortMessage(
  message: Message,
  bytes: Buffer,
  sender: SignedInDevice,
  isWhole: boolean,
): Accepted | Rejected {
  const { msh, delimiters } = message;
  const refuse = (field: number, code: Hl7Error, expected: string): Rejected => ({
    fault: { at: `MSH^1^${field}`, code, severity: "E", refusal: undefined, expected },
  });
  if (msh.field(10).trim() === "") return refuse(10, 101, "a message control id");
  const [type = "", trigger = ""] = partsOf(msh.field(9), delimiters.component).map((part) => part.trim());
  const handler = Object.hasOwn(handlers, `${type}^${trigger}`) ? handlers[`${type}^${trigger}`] : undefined;
  if (!handler) {
    const isTypeKnown = Object.keys(handlers).some((key) => key.startsWith(`${type}^`));
    return refuse(9, isTypeKnown ? 201 : 200, Object.keys(handlers).join(", "));
  }
  try {
    handler.check(message, bytes);
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    const field = Number(/^MSH-(\d+)$/.exec(error.facts.at ?? "")?.[1] ?? 9);
    return refuse(field, HEADER_ERRORS[field] ?? 200, error.facts.expected ?? "");
  }
  if (!isWhole) return { codec: handler.codec, parts: [{ device: sender.deviceId, bytes, rows: [] }] };
  return { codec: handler.codec, parts: partsByDevice(message, bytes, (named) => deviceOf(named, sender)) };
}

const HEADER_ERRORS: Readonly<Record<number, Hl7Error>> = { 11: 202, 12: 203, 18: 103 };

/**
 * A monitor that speaks for itself is who its certificate says. Of a gateway each device must be one in its charge: what an
 * unknown one measured is nobody's, and least of all of whoever wears the gateway.
 */
function deviceOf(named: readonly string[], sender: SignedInDevice): string | typeof UNKNOWN {
  const found = named.find((id) => DEVICE_ID.test(id) && mayUse(sender, id));
  if (found !== undefined) return found;
  return sender.inCharge.size === 0 || named.length === 0 ? sender.deviceId : UNKNOWN;
}

const ERROR_OF: Readonly<Partial<Record<RefusalCode, Hl7Error>>> = {
  MALFORMED_BYTES: 102,
  FIELD_INVALID: 103,
  SIGNAL_UNKNOWN: 103,
  SIGNAL_KIND: 103,
  EVENT_UNKNOWN: 103,
  UNIT_UNKNOWN: 103,
  UNIT_MISMATCH: 103,
  VALUE_NOT_A_NUMBER: 102,
  VALUE_IMPLAUSIBLE: 102,
  RATE_IMPOSSIBLE: 101,
  TIME_MALFORMED: 102,
  TIME_IN_FUTURE: 102,
  TIME_IMPOSSIBLE: 102,
  NO_ASSOCIATION: 204,
  ASSOCIATION_AMBIGUOUS: 204,
  ASSOCIATION_SPLIT: 204,
  PATIENT_DIFFERS: 204,
  DEVICE_UNKNOWN: 204,
  DEVICE_REVOKED: 204,
};

/** What is wrong with a row, at the place where it stands in the message. */
export function rowFault(problem: Problem, rows: readonly number[], severity: "E" | "W"): Fault {
  const row = rows[problem.index];
  const refusal = problem.code as RefusalCode;
  return {
    at: row === undefined ? "" : `OBX^${row + 1}^${fieldOf(problem.field)}`,
    code: ERROR_OF[refusal] ?? 207,
    severity,
    refusal,
    expected: problem.expected ?? "",
  };
}

function fieldOf(field: string): number {
  const own = /^OBX\[\d+\]-(\d+)$/.exec(field)?.[1];
  if (own !== undefined) return Number(own);
  if (field === "at" || field === "start") return 14;
  return field.endsWith(".unit") || field === "unit" ? 6 : 5;
}
