import { RefusedInput } from "@openward/errors";
import { QUALITY } from "@openward/model";
import { fromBase64, fromHex } from "./binary-text.ts";
import { bodyFormat, isRecord, parseBody } from "./body.ts";
import type { Codec, DecodeContext, Decoded, DecodedRawStatus, DeviceFacts, Ignored, Session } from "./codec.ts";
import type { DecodedEvent } from "./event.ts";
import { isReceivers } from "./findings.ts";
import type { ReadingColumn } from "./reading-columns.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { parseOffset, parseTime } from "./time.ts";
import type { DecodedWaveform } from "./waveform.ts";

const NAME = "capture";
const MAX_ITEMS = 10_000;
const MAX_BYTES = 1 << 20;
/** Of what was ignored, so many are listed; beyond them it is said how many more there are. */
const LISTED = 100;
const FIELDS = new Set(["codec", "at", "utcOffset", "hex", "base64", "bytes"]);
const MAX_OFFSET_MINUTES = 18 * 60;

/**
 * What a gateway received of one device, in the order in which it did, and when:
 *
 *     [{"codec": "gatt/2a37", "at": "2026-11-22T07:00:00.250+01:00", "hex": "0048"}, ...]
 *
 * JSON (with "hex" or "base64") or CBOR (with "bytes", a byte string). "at" is the time of reception, and says the offset
 * of the device's local time where it is RFC 3339 with one; "utcOffset" says it in minutes. Values tell those behind them
 * what those need: the beginning of a CGM's session, the measurement that a context belongs to.
 *
 * A value that cannot be read is refused with its index, and does not stop the others.
 */
export function captureOf(find: (name: string) => Codec | undefined): Codec {
  return {
    name: NAME,
    display: "Values with the times at which a gateway received them",
    decode(bytes, context) {
      const root = parseBody(bytes, bodyFormat(undefined, bytes) ?? "json");
      if (!Array.isArray(root) && !isRecord(root)) {
        throw new RefusedInput("BODY_SHAPE", { expected: 'an array of {"codec", "at", "hex"}' });
      }
      const items: readonly unknown[] = Array.isArray(root) ? root : [root];
      if (items.length === 0) throw new RefusedInput("BODY_SHAPE", { expected: "at least one value" });
      if (items.length > MAX_ITEMS) {
        throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${MAX_ITEMS} values` });
      }
      const session: Session = {};
      const gathered = new Gathered();
      for (const [index, item] of items.entries()) {
        const value = capturedOf(item, index, gathered.refusals);
        if (!value) continue;
        const codec = value.codec === NAME ? undefined : find(value.codec);
        if (!codec) {
          gathered.refusals.add(index, "CODEC_UNKNOWN", "codec", "a codec that is known");
          continue;
        }
        try {
          gathered.add(codec.decode(value.bytes, contextOf(context, value, index, session)), value.at);
        } catch (error) {
          if (!(error instanceof RefusedInput)) throw error;
          gathered.refusals.add(index, error.code, error.facts.at ?? "", error.facts.expected ?? "");
        }
      }
      const pending = Object.values(session.segments ?? {}).map(({ item }) => item);
      for (const item of [...(session.unfinished ?? []), ...pending]) {
        const expected = "the segments behind it in the same capture";
        gathered.refusals.add(item, "CONTEXT_MISSING", "segmentHeader", expected);
      }
      return gathered.close();
    },
  };
}

interface CapturedValue {
  readonly codec: string;
  /** NaN: it does not say. */
  readonly at: number;
  readonly utcOffsetMinutes: number | null;
  readonly bytes: Uint8Array;
}

function contextOf(outer: DecodeContext, value: CapturedValue, item: number, session: Session): DecodeContext {
  const isTimed = !Number.isNaN(value.at);
  return {
    item,
    isPart: true,
    at: isTimed ? value.at : outer.at,
    get capturedAt() {
      return outer.at;
    },
    atQuality: isTimed ? QUALITY.timeFromGateway : outer.atQuality,
    utcOffsetMinutes: value.utcOffsetMinutes ?? outer.utcOffsetMinutes,
    timeZone: outer.timeZone,
    session,
  };
}

function capturedOf(item: unknown, index: number, refusals: Refusals): CapturedValue | undefined {
  if (!isRecord(item)) return void refusals.add(index, "BODY_SHAPE", "", 'an object with "codec", "at" and the bytes');
  for (const key in item) {
    if (FIELDS.has(key)) continue;
    return void refusals.add(index, "BODY_SHAPE", key, `no other fields than ${[...FIELDS].join(", ")}`);
  }
  const { codec, at: given, utcOffset } = item;
  if (typeof codec !== "string") return void refusals.add(index, "BODY_SHAPE", "codec", "the name of a codec");
  const at = given === undefined ? Number.NaN : parseTime(given);
  if (given !== undefined && Number.isNaN(at)) {
    const expected = "integer milliseconds UTC, or RFC 3339 with Z or an offset";
    return void refusals.add(index, "TIME_MALFORMED", "at", expected);
  }
  let utcOffsetMinutes = parseOffset(given);
  if (utcOffset !== undefined) {
    const isOffset = Number.isInteger(utcOffset) && Math.abs(utcOffset as number) <= MAX_OFFSET_MINUTES;
    if (!isOffset) return void refusals.add(index, "FIELD_INVALID", "utcOffset", "whole minutes ahead of UTC");
    utcOffsetMinutes = utcOffset as number;
  }
  const bytes = bytesOf(item, index, refusals);
  return bytes && { codec, at, utcOffsetMinutes, bytes };
}

function bytesOf(item: Record<string, unknown>, index: number, refusals: Refusals): Uint8Array | undefined {
  const { hex, base64, bytes } = item;
  const given = [hex, base64, bytes].filter((each) => each !== undefined);
  if (given.length !== 1) return void refusals.add(index, "BODY_SHAPE", "hex", 'one of "hex", "base64", "bytes"');
  const isLong = [hex, base64].some((text) => typeof text === "string" && text.length > 2 * MAX_BYTES);
  if (isLong) return void refusals.add(index, "BODY_TOO_LARGE", "hex", `at most ${MAX_BYTES} bytes`);
  let read: Uint8Array | undefined;
  if (bytes !== undefined) read = bytes instanceof Uint8Array ? bytes : undefined;
  else if (hex !== undefined) read = typeof hex === "string" ? fromHex(hex) : undefined;
  else read = typeof base64 === "string" ? fromBase64(base64) : undefined;
  const field = hex !== undefined ? "hex" : base64 !== undefined ? "base64" : "bytes";
  if (!read) {
    const expected = { hex: "pairs of hexadecimal digits", base64: "base64 (RFC 4648)", bytes: "a byte string" }[field];
    return void refusals.add(index, "FIELD_INVALID", field, expected);
  }
  if (read.length > MAX_BYTES) return void refusals.add(index, "BODY_TOO_LARGE", field, `at most ${MAX_BYTES} bytes`);
  return read;
}

/** Readings of one signal, unit, offset and quality are one column, whatever value they came in. */
class Gathered {
  readonly refusals = createRefusals();
  readonly #columns = new Map<string, ReadingColumn & { times: number[]; values: number[]; items: number[] }>();
  readonly #waveforms: DecodedWaveform[] = [];
  readonly #events: DecodedEvent[] = [];
  #status: DecodedRawStatus | null = null;
  #facts: DeviceFacts = {};
  readonly #ignored: Ignored[] = [];
  #more = 0;
  #sighting: Decoded["gatewaySighting"];
  #heardAt = Number.NEGATIVE_INFINITY;

  /** @param at when the gateway received it; NaN: it does not say */
  add(decoded: Decoded, at: number): void {
    if (at > this.#heardAt) this.#heardAt = at;
    for (const column of decoded.readings) {
      this.#addColumn(column);
      if (Number.isNaN(at) || isReceivers(column.quality ?? 0)) continue;
      // The newest of what the gateway received last tells most of the clock.
      for (const deviceTime of column.times) {
        const { gatewayTime = Number.NEGATIVE_INFINITY, deviceTime: before = deviceTime } = this.#sighting ?? {};
        if (at > gatewayTime || (at === gatewayTime && deviceTime > before))
          this.#sighting = { deviceTime, gatewayTime: at };
      }
    }
    for (const waveform of decoded.waveforms) this.#waveforms.push(waveform);
    for (const event of decoded.events) this.#events.push(event);
    for (const ignored of decoded.ignored) {
      if (this.#ignored.length < LISTED) this.#ignored.push(ignored);
      else this.#more++;
    }
    for (const { index, code, field, expected = "", readings } of decoded.refused) {
      this.refusals.add(index, code, field, expected, readings);
    }
    const { status } = decoded;
    if (status) {
      // What the device does not say again still holds.
      const { battery, clock } = this.#status ?? { battery: null, clock: null };
      this.#status = { state: status.state, battery: status.battery ?? battery, clock: status.clock ?? clock };
    }
    if (Object.keys(decoded.facts).length > 0) this.#facts = { ...this.#facts, ...decoded.facts };
  }

  #addColumn({ signal, unit, utcOffsetMinutes, times, values, items, quality = 0, subject }: ReadingColumn): void {
    const of = subject ? `\n${subject.identifiers.join("\n")}` : "";
    const key = `${signal}\n${unit}\n${utcOffsetMinutes}\n${quality}${of}`;
    let column = this.#columns.get(key);
    if (!column) {
      column = {
        signal,
        unit,
        utcOffsetMinutes,
        times: [],
        values: [],
        items: [],
        quality,
        ...(subject && { subject }),
      };
      this.#columns.set(key, column);
    }
    for (const [i, value] of values.entries()) {
      column.times.push(times[i] as number);
      column.values.push(value);
      column.items.push(items[i] as number);
    }
  }

  close(): Decoded {
    const last = this.#ignored.at(-1);
    const more = this.#more;
    if (last && more > 0) this.#ignored.push({ index: last.index, offset: 0, what: `${more} more, not listed` });
    return {
      readings: [...this.#columns.values()],
      waveforms: this.#waveforms,
      events: this.#events,
      status: this.#status,
      facts: this.#facts,
      ignored: this.#ignored,
      refused: this.refusals.close(),
      ...(this.#sighting && { gatewaySighting: this.#sighting }),
      ...(this.#heardAt > Number.NEGATIVE_INFINITY && { gatewayHeardAt: this.#heardAt }),
    };
  }
}
