import { createHash } from "node:crypto";
import { entryType, instantOf, offsetIn, wordIn } from "@openward/codecs/nightscout";
import { RefusedInput } from "@openward/errors";
import type { Collection } from "./collections.ts";
import type { Content, StoredDocument } from "./ports.ts";

/** What a client wrote, with how it is known again. */
export interface Incoming {
  readonly content: Content;
  readonly at: number;
  readonly sameness: string;
  /** As v1 names it, where the client gave such a name. */
  readonly id: string | null;
  readonly identifier: string | null;
  /** It said itself when it was. */
  readonly isTimed: boolean;
}

const HEX24 = /^[0-9a-f]{24}$/i;
const IDENTIFIER_MAX = 256;
/** What is the server's to say. */
const OURS = ["_id", "srvModified", "srvCreated", "subject", "modifiedBy", "token", "secret"];
/** Nightscout's own name space for identifiers ("NightscoutRocks!"). */
const NAMESPACE = Buffer.from("NightscoutRocks!", "ascii");

/**
 * A document as it is kept: its times as one instant, and a name by which the same document is known again.
 *
 * @param isV1 text times are written as UTC, and one without a time is of now, as v1 does it
 * @throws RefusedInput TIME_MALFORMED, FIELD_INVALID
 */
export function incomingOf(
  collection: Collection,
  given: Content,
  { now, index, isV1 }: { now: number; index: number; isV1: boolean },
): Incoming {
  const said = timeIn(collection, given, now);
  // Unreadable is not the same as absent: a wrong time does not become now.
  const at = said ?? (isV1 && said === undefined ? now : null);
  if (at === null)
    throw new RefusedInput("TIME_MALFORMED", { at: `[${index}].${collection.times[0]}`, expected: "a time" });
  const content: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(given)) {
    if (!OURS.includes(field))
      Object.defineProperty(content, field, { value, enumerable: true, writable: true, configurable: true });
  }
  if (isV1) writeTimes(collection, content, at);
  else writeV3Times(content, at);
  const id = wordIn(given._id);
  const named = wordIn(given.identifier) || (id !== "" && !HEX24.test(id) ? id : "");
  if (named.length > IDENTIFIER_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: `[${index}].identifier`, expected: "at most 256 characters" });
  return {
    content,
    at,
    sameness: samenessOf(collection, content, at),
    id: HEX24.test(id) ? id.toLowerCase() : null,
    identifier: named === "" ? null : named,
    isTimed: said !== undefined,
  };
}

/** undefined: none is said; null: it cannot be read. */
function timeIn(collection: Collection, given: Content, now: number): number | null | undefined {
  const context = { item: 0, at: now, atQuality: 0, utcOffsetMinutes: null, timeZone: null, session: {} };
  for (const field of collection.times) {
    const value = given[field];
    if (value === undefined || value === null || value === "") continue;
    return instantOf(value, given, context)?.time ?? null;
  }
  return undefined;
}

/** As Nightscout writes them: UTC, and the offset beside it. */
function writeTimes(collection: Collection, content: Record<string, unknown>, at: number): void {
  const offset = offsetIn(content) ?? offsetOf(content);
  const utc = new Date(at).toISOString();
  content.utcOffset = offset;
  if (collection.name === "entries") {
    content.date = at;
    content.sysTime = utc;
    if (content.dateString !== undefined) content.dateString = utc;
    content.type ??= entryType(content);
  } else if (collection.name !== "profile" || content.created_at !== undefined) content.created_at = utc;
}

function writeV3Times(content: Record<string, unknown>, at: number): void {
  content.date = at;
  content.utcOffset = offsetIn(content) ?? offsetOf(content);
  content.created_at = new Date(at).toISOString();
}

/** Minutes, as the text of a time says them. */
function offsetOf(content: Content): number {
  for (const field of ["dateString", "created_at", "sysTime", "timestamp", "date"]) {
    const found = /([+-])(\d\d):?(\d\d)$/.exec(wordIn(content[field]));
    if (found && wordIn(content[field]).length >= 22)
      return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
  }
  return 0;
}

/**
 * What two documents without a name have in common when they are one: of entries their kind, time and device; of others what was
 * given and how much as well, so that two that were entered in the same second do not become one.
 */
export function samenessOf({ name }: Collection, content: Content, at: number): string {
  const parts: unknown[] = [name, at, content.device ?? content.enteredBy ?? null];
  if (name === "entries") parts.push(entryType(content) === "other" ? content.type : entryType(content));
  else {
    for (const field of [
      "eventType",
      "type",
      "insulin",
      "carbs",
      "glucose",
      "absolute",
      "rate",
      "duration",
      "notes",
      "name",
    ])
      parts.push(content[field] ?? null);
    if (name === "devicestatus") parts.push(content.uploader ?? null, content.pump ?? null);
  }
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The identifier that v3 gives a document whose client gave it none. @source RFC 9562 section 5.5; lib/api3/shared/operationTools.js */
export function identifierOf({ device, date, eventType }: Content): string {
  const key = `${device}_${date}${eventType ? `_${eventType}` : ""}`;
  const hash = createHash("sha1").update(NAMESPACE).update(key).digest().subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Documents by all that they can be known by. */
export class Known {
  readonly #ids = new Map<string, StoredDocument>();
  readonly #identifiers = new Map<string, StoredDocument>();
  readonly #samenesses = new Map<string, StoredDocument>();

  constructor(documents: readonly StoredDocument[] = []) {
    for (const document of documents) this.add(document);
  }

  add(document: StoredDocument): void {
    this.#ids.set(document.id, document);
    if (document.identifier !== null) this.#identifiers.set(document.identifier, document);
    const alike = this.#samenesses.get(document.sameness);
    // Of several that are alike the one without a name is whom a new one can be.
    if (!alike || alike.id === document.id || document.identifier === null)
      this.#samenesses.set(document.sameness, document);
  }

  /** Which of them this one is. */
  find({ id, identifier, sameness }: Incoming): StoredDocument | undefined {
    const named =
      (id === null ? undefined : this.#ids.get(id)) ??
      (identifier === null ? undefined : (this.#identifiers.get(identifier) ?? this.#ids.get(identifier)));
    if (named) return named;
    const alike = this.#samenesses.get(sameness);
    // A name of one's own tells two apart that are alike.
    return alike && (alike.identifier === null || identifier === null) ? alike : undefined;
  }
}
