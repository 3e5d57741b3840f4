import type { QuarantinedBody } from "@openward/api";

/** Why input could not be placed, for the person who has to decide: what happened, and what may help. */
const reasons: Readonly<Record<string, string>> = {
  NO_ASSOCIATION: "The device was on no patient at that time",
  PATIENT_DIFFERS: "The message names another patient than the one who wore the device",
  ASSOCIATION_AMBIGUOUS: "By the device's own clock another patient wore it at that time",
  ASSOCIATION_SPLIT: "The samples span a change of patient",
  DEVICE_UNKNOWN: "No device of that id is known",
  DEVICE_REVOKED: "The device has no access any more",
  TIME_IN_FUTURE: "The device's time is more than five minutes in the future",
  TIME_IMPOSSIBLE: "The device's time is impossible",
  TIME_AMBIGUOUS: "The device's clock showed this time more than once",
  CLOCK_WRONG: "What the device's clock shows is no time",
  TIME_MALFORMED: "The time cannot be read",
  SIGNAL_UNKNOWN: "The signal is not in the vocabulary",
  SIGNAL_KIND: "The signal is of another kind than the message",
  UNIT_UNKNOWN: "The unit is not a UCUM code",
  UNIT_MISMATCH: "The unit does not measure what the signal measures",
  VALUE_NOT_A_NUMBER: "The value is not a number",
  VALUE_IMPLAUSIBLE: "The value is outside what the signal can be",
  MALFORMED_JSON: "The message is not JSON",
  MALFORMED_CBOR: "The message is not CBOR",
  MALFORMED_BYTES: "The bytes are not of the format that they are said to be",
  CONTEXT_MISSING: "What stands before it and says what it means was not sent with it",
  BODY_SHAPE: "The message does not have the form that was expected",
  CODEC_UNKNOWN: "The format of the message is not known",
  RATE_IMPOSSIBLE: "The sampling rate is impossible",
  EVENT_UNKNOWN: "The event is not in the vocabulary",
};

/** Why a message stays that was run again. */
const staying: Readonly<Record<string, string>> = {
  BY_A_PERSON: "Only a person can say whose it is, or its bytes have expired",
  OF_SEVERAL: "It tells of several patients, of nobody, or of somebody whom you may not see all of",
};

export function reasonWord(code: string): string {
  return reasons[code] ?? staying[code] ?? code.toLowerCase().replaceAll("_", " ");
}

/** "gatt/2a37", "JSON". */
export function formatWord(contentType: string): string {
  const codec = /codec=(.*)$/.exec(contentType)?.[1];
  return codec ?? contentType.replace(/^application\//, "").toUpperCase();
}

/** What messages are to have in common; `hours`: received within so many. */
export interface QuarantineFilter {
  readonly code?: string;
  readonly device?: string;
  readonly contentType?: string;
  readonly hours?: string;
}

/** As the server wants it. */
export function queryOf({ hours, ...rest }: QuarantineFilter, now: number) {
  return hours === undefined ? rest : { ...rest, from: now - Number(hours) * 3_600_000 };
}

/** How many messages of each, the most first. */
export function sumBy<T extends { readonly messages: number }>(
  counts: readonly T[],
  keyOf: (count: T) => string,
): [string, number][] {
  const sums = new Map<string, number>();
  for (const count of counts) sums.set(keyOf(count), (sums.get(keyOf(count)) ?? 0) + count.messages);
  return [...sums].sort((a, b) => b[1] - a[1]);
}

type Problem = QuarantinedBody["problems"][number];

export function reasonText(problem: Problem): string {
  const text = reasonWord(problem.code);
  const where = problem.field ? ` (${problem.field})` : "";
  return `${text}${where}`;
}

/** Each reason once, with how many readings it keeps out. */
export function summarise(
  problems: readonly Problem[],
): readonly { readonly code: string; readonly text: string; readonly readings: number }[] {
  const byText = Map.groupBy(problems, reasonText);
  return [...byText].map(([text, same]) => ({
    code: same[0]?.code ?? "",
    text,
    readings: same.reduce((sum, p) => sum + p.readings, 0),
  }));
}

const ofTime = new Set(["TIME_IN_FUTURE", "TIME_IMPOSSIBLE", "TIME_MALFORMED", "CLOCK_WRONG"]);

/** Would taking the time of arrival help? */
export function isAboutTime(problems: readonly Problem[]): boolean {
  return problems.some((p) => ofTime.has(p.code));
}

/** "00066e01 00ff41c3" in rows of sixteen bytes with their offset and what of it is text. */
export function hexRows(
  hex: string,
): readonly { readonly offset: string; readonly bytes: string; readonly text: string }[] {
  const bytes = hex.match(/../g) ?? [];
  const rows = [];
  for (let i = 0; i < bytes.length; i += 16) {
    const row = bytes.slice(i, i + 16);
    rows.push({
      offset: i.toString(16).padStart(4, "0"),
      bytes: row.join(" "),
      text: row.map((b) => printable(Number.parseInt(b, 16))).join(""),
    });
  }
  return rows;
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");
