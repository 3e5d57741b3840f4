import { bodyFormat } from "../body.ts";
import type { Codec, DecodeContext, Decoded } from "../codec.ts";
import { decodeEvent } from "../event.ts";
import { decodeReadings } from "../readings.ts";
import { decodeStatus } from "../status.ts";
import { decodeWaveform } from "../waveform.ts";
import { placeProblem, stampColumn, stampEvent, stampWaveform } from "./stamped.ts";

const NAME = /^[a-z0-9-]{1,64}$/;
const formatOf = (bytes: Uint8Array) => bodyFormat(undefined, bytes) ?? "json";

function found(context: DecodeContext, part: Partial<Decoded>): Decoded {
  const { refused = [], ...rest } = part;
  return {
    readings: [],
    waveforms: [],
    events: [],
    status: null,
    facts: {},
    ignored: [],
    refused: refused.map((problem) => placeProblem(problem, context)),
    ...rest,
  };
}

/** Our own bodies, as a gateway passes them on: JSON or CBOR, told apart by their first byte. */
export const ownReadings: Codec = {
  name: "openward/readings",
  display: "Readings, as a device sends them to a gateway",
  decode(bytes, context) {
    const { columns, refused } = decodeReadings(bytes, formatOf(bytes));
    return found(context, { readings: columns.flatMap((column) => stampColumn(column, context)), refused });
  },
};

export const ownWaveform: Codec = {
  name: "openward/waveform",
  display: "Waveforms, as a device sends them to a gateway",
  decode(bytes, context) {
    const { waveforms, refused } = decodeWaveform(bytes, formatOf(bytes));
    return found(context, { waveforms: waveforms.map((one) => stampWaveform(one, context)), refused });
  },
};

export const ownEvent: Codec = {
  name: "openward/event",
  display: "Events, as a device sends them to a gateway",
  decode(bytes, context) {
    const { events, refused } = decodeEvent(bytes, formatOf(bytes));
    const named = events.filter(({ event }) => NAME.test(event));
    const unnamed = events.filter(({ event }) => !NAME.test(event));
    const unknown = unnamed.map(({ item }) => ({
      index: item,
      code: "EVENT_UNKNOWN" as const,
      field: "event",
      expected: "a name of a-z, 0-9 and - up to 64 characters",
      readings: 1,
    }));
    return found(context, {
      events: named.map((one) => stampEvent(one, context)),
      refused: [...refused, ...unknown],
    });
  },
};

export const ownStatus: Codec = {
  name: "openward/status",
  display: "A status, as a device sends it to a gateway",
  decode(bytes, context) {
    const { state, battery, clock, refused } = decodeStatus(bytes, formatOf(bytes));
    // It comes later than the gateway got it: what the clock shows when it comes is as much later.
    const latenessMs = context.capturedAt === undefined ? 0 : context.capturedAt - context.at;
    const status = state === null ? null : { state, battery, clock: clock === null ? null : clock + latenessMs };
    return found(context, { status, refused });
  },
};
