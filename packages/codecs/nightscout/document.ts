import { isRecord, parseBody } from "../body.ts";
import type { DecodeContext, Instant } from "../codec.ts";
import { type Gathered, numberOf } from "../files/gathered.ts";
import { instantIn } from "../files/times.ts";
import { malformed } from "../reader.ts";
import { parseTime } from "../time.ts";

/** One document of a Nightscout collection, as its client wrote it. */
export type Document = Readonly<Record<string, unknown>>;

/** A client that was away for long sends what it has in such pieces, and none knows of more. */
const DOCUMENTS_MAX = 10_000;
/** Nightscout takes a number below this for seconds. */
const SECONDS_BELOW = 1e11;
const OFFSET_MINUTES_MAX = 1_440;
/** The two times of one document may differ by what is rounded. */
const SAME_MS = 60_000;

/**
 * The documents of a request: an array of them, or one alone.
 *
 * @throws RefusedInput MALFORMED_JSON, BODY_TOO_LARGE, MALFORMED_BYTES
 */
export function readDocuments(bytes: Uint8Array, format: string): readonly Document[] {
  const root = parseBody(bytes, "json");
  const all = Array.isArray(root) ? root : [root];
  if (all.length > DOCUMENTS_MAX) throw malformed(format, "body", 0, `at most ${DOCUMENTS_MAX} documents`);
  for (const [i, one] of all.entries()) {
    if (!isRecord(one)) throw malformed(format, `[${i}]`, 0, "an object, or an array of objects");
  }
  return all as Document[];
}

/** A number, or a number that is written as text, as forms in browsers send it; NaN where it is neither. */
export function numberIn(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) <= 1e15 ? value : Number.NaN;
  return typeof value === "string" ? numberOf(value) : Number.NaN;
}

export function wordIn(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

/** Something stands there: what clients write in the place of nothing is none. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** Minutes ahead of UTC, where the document says it. */
export function offsetIn({ utcOffset }: Document): number | null {
  const minutes = numberIn(utcOffset);
  return Number.isInteger(minutes) && Math.abs(minutes) < OFFSET_MINUTES_MAX ? minutes : null;
}

/** Milliseconds, seconds, or text with or without a zone. null: none of these. */
export function instantOf(value: unknown, document: Document, context: DecodeContext): Instant | null {
  const said = offsetIn(document);
  const number = numberIn(value);
  if (!Number.isNaN(number)) {
    const ms = Math.round(Math.abs(number) < SECONDS_BELOW ? number * 1000 : number);
    return Number.isNaN(parseTime(ms)) ? null : { time: ms, utcOffsetMinutes: said, quality: 0 };
  }
  if (typeof value !== "string" || value.length > 64) return null;
  // Java writes offsets without the colon.
  const text = value.trim().replace(/([+-]\d\d)(\d\d)$/, "$1:$2");
  const found = instantIn(text, said === null ? context : withOffset(context, said));
  return found && { ...found, utcOffsetMinutes: found.utcOffsetMinutes ?? said };
}

/**
 * When it was: the first of these fields that is there. A further one that says another time is named.
 *
 * @returns undefined where none is there; null where it cannot be read
 */
export function timeOf(
  found: Gathered,
  document: Document,
  fields: readonly string[],
  context: DecodeContext,
): Instant | null | undefined {
  const given = fields.filter((field) => isGiven(document[field]));
  const [first, ...others] = given;
  if (first === undefined) return undefined;
  const at = instantOf(document[first], document, context);
  if (!at) return null;
  for (const other of others) {
    const also = instantOf(document[other], document, context);
    if (!also || Math.abs(also.time - at.time) > SAME_MS) found.ignore(`${other}: not the time of ${first}`, 0);
    else if (at.utcOffsetMinutes === null && also.utcOffsetMinutes !== null)
      return { ...at, utcOffsetMinutes: also.utcOffsetMinutes };
  }
  return at;
}

/** Says of every field that nothing was made of that it is there. */
export function nameTheRest(found: Gathered, document: Document, taken: ReadonlySet<string>): void {
  for (const field of Object.keys(document)) {
    if (!taken.has(field) && isGiven(document[field])) found.ignore(`field ${field.slice(0, 60)}`, 0);
  }
}

/** What describes the document itself and nothing of its patient. */
export const OF_THE_DOCUMENT: readonly string[] = [
  "_id",
  "identifier",
  "syncIdentifier",
  "uuid",
  "NSCLIENT_ID",
  "app",
  "device",
  "enteredBy",
  "subject",
  "modifiedBy",
  "srvCreated",
  "srvModified",
  "isValid",
  "isReadOnly",
  "utcOffset",
  "date",
  "mills",
  "dateString",
  "sysTime",
  "timestamp",
  "created_at",
  "token",
  "secret",
];

const withOffset = (context: DecodeContext, utcOffsetMinutes: number): DecodeContext => ({
  item: 0,
  get at() {
    return context.at;
  },
  atQuality: context.atQuality,
  utcOffsetMinutes,
  timeZone: context.timeZone,
  session: {},
});
