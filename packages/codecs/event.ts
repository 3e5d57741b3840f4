import { RefusedInput } from "@openward/errors";
import { isRecord, parseBody } from "./body.ts";
import type { Subject } from "./codec.ts";
import { createRefusals, type ItemProblem, type Refusals } from "./refusals.ts";
import { EpochTime, parseOffset, parseTime } from "./time.ts";

const MAX_EVENTS = 10_000;
const MAX_DEPTH = 16;
const MAX_DETAIL = 10_000;

export interface DecodedEvent {
  readonly item: number;
  /** As sent; not yet looked up. */
  readonly event: string;
  /** ms UTC; NaN where the body says none, or none that can be read (`detail.at` then has what it said). */
  readonly at: number;
  readonly utcOffsetMinutes: number | null;
  /** The time is when the gateway received it, and tells nothing of the device's clock; left out: the device's. */
  readonly isGatewayTime?: boolean;
  /** The device's own id, where it gave one. */
  readonly id: string | null;
  /** Whatever else the device said; plain JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Of whom the bytes say that they are, where they do. */
  readonly subject?: Subject;
}

export interface DecodedEvents {
  readonly events: readonly DecodedEvent[];
  readonly refused: readonly ItemProblem[];
}

/**
 * `devices/{device}/event`: one or an array of `{"event", "at", "id", ...}`. A time that cannot be read does not keep a
 * pressed button from being heard: the event passes without a time, and what the device said of it stays in `detail.at`.
 *
 * @throws RefusedInput MALFORMED_JSON, MALFORMED_CBOR, BODY_SHAPE, BODY_TOO_LARGE
 */
export function decodeEvent(body: Uint8Array, format: string): DecodedEvents {
  return readEvents(parseBody(body, format));
}

/** The same from a tree that is parsed already. */
export function readEvents(root: unknown): DecodedEvents {
  if (!Array.isArray(root) && !isRecord(root)) {
    throw new RefusedInput("BODY_SHAPE", { expected: "an event, or an array of them" });
  }
  const refusals = createRefusals();
  const events: DecodedEvent[] = [];
  const items = Array.isArray(root) ? root : [root];
  if (items.length === 0) throw new RefusedInput("BODY_SHAPE", { expected: "at least one event" });
  if (items.length > MAX_EVENTS) throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_EVENTS} events` });
  for (let i = 0; i < items.length; i++) {
    const event = readEvent(items[i], i, refusals);
    if (event) events.push(event);
  }
  return { events, refused: refusals.close() };
}

function readEvent(item: unknown, index: number, refusals: Refusals): DecodedEvent | undefined {
  if (!isRecord(item)) return void refusals.add(index, "BODY_SHAPE", "", 'an object with "event"');
  const { event, at: given, id = null } = item;
  if (typeof event !== "string" || event.length === 0 || event.length > 100) {
    return void refusals.add(index, "BODY_SHAPE", "event", "the event's key");
  }
  if (id !== null && (typeof id !== "string" || id.length === 0 || id.length > 128)) {
    return void refusals.add(index, "FIELD_INVALID", "id", "text of 1 to 128 characters");
  }
  const detail: Record<string, unknown> = {};
  const budget = { left: MAX_DETAIL };
  const at = given === undefined ? Number.NaN : parseTime(given);
  for (const key in item) {
    if (key === "event" || key === "id" || (key === "at" && !(given !== undefined && Number.isNaN(at)))) continue;
    const plain = toPlain(item[key], 0, budget);
    if (plain === undefined) {
      return void refusals.add(index, "BODY_SHAPE", key, `at most ${MAX_DEPTH} levels and ${MAX_DETAIL} values`);
    }
    Object.defineProperty(detail, key, { value: plain, enumerable: true, writable: true, configurable: true });
  }
  const utcOffsetMinutes = Number.isNaN(at) ? null : parseOffset(given);
  return { item: index, event, at, utcOffsetMinutes, id, detail };
}

/** As JSON can hold it, so that whoever stores or shows it need not know CBOR; undefined when it is too deep or large. */
function toPlain(value: unknown, depth: number, budget: { left: number }): unknown {
  if (--budget.left < 0 || depth > MAX_DEPTH) return undefined;
  if (value === undefined) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof EpochTime) return value.ms;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list: unknown[] = [];
    for (const member of value as Iterable<unknown>) {
      const plain = toPlain(member, depth + 1, budget);
      if (plain === undefined) return undefined;
      list.push(plain);
    }
    return list;
  }
  const plain: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const inner = toPlain(member, depth + 1, budget);
    if (inner === undefined) return undefined;
    Object.defineProperty(plain, key, { value: inner, enumerable: true, writable: true, configurable: true });
  }
  return plain;
}
