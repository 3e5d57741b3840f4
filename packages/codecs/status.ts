import { RefusedInput } from "@openward/errors";
import { isRecord, parseBody } from "./body.ts";
import { createRefusals, type ItemProblem } from "./refusals.ts";
import { parseTime } from "./time.ts";

export interface DecodedStatus {
  /** "online", "offline", or the device's own word; null where it is missing or unreadable (then it is refused). */
  readonly state: string | null;
  /** Percent. */
  readonly battery: number | null;
  /** The device's own time, ms UTC. */
  readonly clock: number | null;
  readonly refused: readonly ItemProblem[];
}

/**
 * `devices/{device}/status`: `{"state", "battery", "clock"}`, the last two optional; other fields are let pass. A field
 * that cannot be read is refused and null, and does not stop the others.
 *
 * @throws RefusedInput MALFORMED_JSON, MALFORMED_CBOR, BODY_SHAPE
 */
export function decodeStatus(body: Uint8Array, format: string): DecodedStatus {
  return readStatus(parseBody(body, format));
}

/** The same from a tree that is parsed already. */
export function readStatus(root: unknown): DecodedStatus {
  if (!isRecord(root)) throw new RefusedInput("BODY_SHAPE", { expected: 'an object with "state"' });
  const refusals = createRefusals();
  const { state, battery = null, clock = null } = root;
  const isState = typeof state === "string" && state.length > 0 && state.length <= 64;
  if (!isState) refusals.add(0, "BODY_SHAPE", "state", "text of 1 to 64 characters");
  const isBattery = battery === null || (typeof battery === "number" && battery >= 0 && battery <= 100);
  if (!isBattery) refusals.add(0, "FIELD_INVALID", "battery", "percent, 0 to 100", 0);
  const time = clock === null ? null : parseTime(clock);
  const isTime = time === null || !Number.isNaN(time);
  if (!isTime)
    refusals.add(0, "TIME_MALFORMED", "clock", "integer milliseconds UTC, or RFC 3339 with Z or an offset", 0);
  return {
    state: isState ? state : null,
    battery: isBattery ? battery : null,
    clock: isTime ? time : null,
    refused: refusals.close(),
  };
}
