import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";

const RESPONSE = 6;
const NUMBER = 5;

export interface RecordAccess {
  readonly opCode: number;
  readonly operator: number;
  readonly operand: Uint8Array;
  /** Of a response: to which operation, and how it ended (1: success). */
  readonly request: number | null;
  readonly response: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseRecordAccess(reader: ByteReader): RecordAccess {
  const opCode = reader.u8("opCode");
  const operator = reader.u8("operator");
  const operand = reader.take(reader.left, "operand");
  const isResponse = opCode === RESPONSE;
  if (isResponse && operand.length !== 2) reader.refuse("operand", 2, "the operation and its response");
  return {
    opCode,
    operator,
    operand,
    request: isResponse ? (operand[0] ?? null) : null,
    response: isResponse ? (operand[1] ?? null) : null,
  };
}

/** Which stored records a gateway asks for. */
export type RecordsWanted =
  | { readonly kind: "all" | "first" | "last" }
  /** By sequence number (glucose) or minutes since the session began (CGM), both inclusive. */
  | { readonly kind: "from"; readonly from: number }
  | { readonly kind: "between"; readonly from: number; readonly to: number };

const OPERATOR = { all: 1, from: 3, between: 4, first: 5, last: 6 } as const;
const BY_SEQUENCE = 1;

/** What a gateway writes to the Record Access Control Point to have stored records sent. */
export function encodeReportRecords(wanted: RecordsWanted): Uint8Array {
  const head = [1, OPERATOR[wanted.kind]];
  if (wanted.kind === "from") head.push(BY_SEQUENCE, wanted.from & 0xff, wanted.from >> 8);
  if (wanted.kind === "between") {
    head.push(BY_SEQUENCE, wanted.from & 0xff, wanted.from >> 8, wanted.to & 0xff, wanted.to >> 8);
  }
  return Uint8Array.from(head);
}

/** Bluetooth SIG Record Access Control Point: the answers are for the gateway, and hold nothing of the patient. */
const codec: Codec = {
  name: "gatt/2a52",
  display: "Record access control point",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a52");
    const { opCode } = parseRecordAccess(reader);
    const found = new Findings(context);
    const what = opCode === RESPONSE ? "an answer" : opCode === NUMBER ? "a number of records" : "a request";
    found.ignore(0, `${what} about stored records`);
    return found;
  },
};

export default codec;
