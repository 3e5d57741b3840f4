import { RefusedInput } from "@openward/errors";
import type { DecodeContext } from "../codec.ts";

const FIRST = 0b1;
const LAST = 0b10;
const LONGEST = 65_536;

/** What came of a value that is sent in pieces. */
export interface Segments {
  readonly bytes: Uint8Array;
  /** Number of the next, 0 to 63. */
  readonly next: number;
  /** Item of the capture in which the newest stands. */
  readonly item: number;
}

/**
 * Puts the pieces of a Generic Health Sensor's value together: the first octet of each says whether it is the first and the
 * last, and its number. Those of one value must stand one behind the other in the same capture.
 *
 * @returns the whole, where this is the last; undefined: more follows
 * @throws RefusedInput CONTEXT_MISSING, MALFORMED_BYTES
 */
export function joinSegments(bytes: Uint8Array, context: DecodeContext, format: string): Uint8Array | undefined {
  const header = bytes[0];
  if (header === undefined) {
    throw new RefusedInput("MALFORMED_BYTES", {
      at: "segmentHeader",
      format,
      offset: 0,
      expected: `1 byte (${format})`,
    });
  }
  const { session } = context;
  const number = header >> 2;
  const before = session.segments?.[format];
  const rest = bytes.subarray(1);
  if ((header & FIRST) === 0 && before?.next !== number) {
    delete session.segments?.[format];
    throw missing(format, `the segment ${(number + 63) % 64} before it in the same capture`);
  }
  const isFirst = (header & FIRST) !== 0 || before === undefined;
  // The one before was never finished: whoever gathers the capture tells of it.
  if (isFirst && before) session.unfinished = [...(session.unfinished ?? []), before.item];
  const whole = isFirst ? rest : join(before.bytes, rest);
  if (whole.length > LONGEST) {
    delete session.segments?.[format];
    const facts = { at: "segmentHeader", format, offset: 0, expected: `at most ${LONGEST} bytes in all (${format})` };
    throw new RefusedInput("MALFORMED_BYTES", facts);
  }
  if ((header & LAST) !== 0) {
    delete session.segments?.[format];
    return whole;
  }
  if (context.capturedAt === undefined) throw missing(format, "the segments behind it in the same capture");
  session.segments = { ...session.segments, [format]: { bytes: whole, next: (number + 1) % 64, item: context.item } };
  return undefined;
}

function missing(format: string, expected: string): RefusedInput {
  return new RefusedInput("CONTEXT_MISSING", { at: "segmentHeader", format, offset: 0, expected });
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
