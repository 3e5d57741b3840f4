import { RefusedInput } from "@openward/errors";
import type { SignedInDevice } from "../ports.ts";
import { DEVICE_ID, mayUse, type Route, routeOf } from "../topic.ts";
import { memberText } from "./member-text.ts";

const MAX_LINES = 100_000;
const LINE_FEED = 0x0a;
/** An Idempotency-Key, and the id of a message. */
export const KEY = /^[\x21-\x7e]{1,128}$/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** One line of `POST /ingest`: a message of a device. */
export interface Line {
  /** From 1, as editors count. */
  readonly number: number;
  readonly route: Route;
  readonly body: Buffer;
  /** What the gateway calls this message, whenever and among whatever others it sends it again. */
  readonly id: string | null;
  /** The gateway could not tell whose it is: no device of that name is in its charge. */
  readonly isUnknown: boolean;
  /** It was written when the device's connection to the gateway began, and came when that broke. */
  readonly isWill: boolean;
}

/**
 * NDJSON, `{"device", "kind", "body"}` a line; the kind is "readings", "waveform", "event", "status" or "raw/{codec}",
 * and the body of raw is base64, of raw/capture the values themselves or base64. `"id"` names the message, so that it is known again
 * when it is sent again; `"unknown": true` says that it is nobody's whom the gateway knows, `"will": true` that it is a last
 * will. All lines are looked at before any is
 * taken: a refusal means that nothing was kept.
 *
 * @throws RefusedInput MALFORMED_JSON, BODY_SHAPE, TOPIC_FORBIDDEN, BODY_TOO_LARGE, naming the line
 */
export function parseLines(body: Buffer, device: SignedInDevice): Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (let at = 0; at < body.length; ) {
    const feed = body.indexOf(LINE_FEED, at);
    const end = feed < 0 ? body.length : feed;
    number++;
    if (number > MAX_LINES) throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_LINES} lines` });
    const text = textOf(body.subarray(at, end), number);
    if (text !== "") lines.push(parseLine(text, number, device));
    at = end + 1;
  }
  if (lines.length === 0) throw new RefusedInput("BODY_SHAPE", { expected: "at least one line" });
  return lines;
}

function textOf(bytes: Buffer, number: number): string {
  try {
    return utf8.decode(bytes).trim();
  } catch (cause) {
    throw new RefusedInput("MALFORMED_JSON", { at: `line ${number}`, expected: "UTF-8" }, { cause });
  }
}

function parseLine(text: string, number: number, device: SignedInDevice): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RefusedInput("MALFORMED_JSON", { at: `line ${number}`, expected: "a JSON object on each line" });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new RefusedInput("BODY_SHAPE", { at: `line ${number}`, expected: 'an object with "device", "kind", "body"' });
  }
  const { device: deviceId, kind, body, id = null, unknown = false, will = false } = parsed as Record<string, unknown>;
  if (typeof deviceId !== "string" || !DEVICE_ID.test(deviceId)) {
    throw new RefusedInput("BODY_SHAPE", { at: `line ${number}, device`, expected: "a device's id" });
  }
  if (!mayUse(device, deviceId)) {
    throw new RefusedInput("TOPIC_FORBIDDEN", {
      at: `line ${number}, device`,
      expected: "itself, or a device in its charge",
    });
  }
  const route = typeof kind === "string" ? routeOf(deviceId, kind) : undefined;
  if (!route) {
    const expected = "readings, waveform, event, status or raw/{codec}";
    throw new RefusedInput("BODY_SHAPE", { at: `line ${number}, kind`, expected });
  }
  if (id !== null && !(typeof id === "string" && KEY.test(id))) {
    throw new RefusedInput("BODY_SHAPE", { at: `line ${number}, id`, expected: "1 to 128 visible characters" });
  }
  for (const [name, flag] of [
    ["unknown", unknown],
    ["will", will],
  ]) {
    if (typeof flag !== "boolean")
      throw new RefusedInput("BODY_SHAPE", { at: `line ${number}, ${name}`, expected: "true or false" });
  }
  const isBytes = route.codec !== null && !(route.codec === "capture" && typeof body === "object");
  if (body === undefined || (isBytes && typeof body !== "string")) {
    const expected = isBytes ? "the bytes in base64" : "the message";
    throw new RefusedInput("BODY_SHAPE", { at: `line ${number}, body`, expected });
  }
  const bytes = isBytes ? Buffer.from(body as string, "base64") : Buffer.from(memberText(text, "body") ?? "");
  return { number, route, body: bytes, id, isUnknown: unknown === true, isWill: will === true };
}
