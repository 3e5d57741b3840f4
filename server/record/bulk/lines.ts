import type { Organisation, Stream } from "@openward/model";
import { emptyColumns, NO_UTC_OFFSET, type NumericColumns } from "@openward/timeseries";
import { readingId } from "../observation-id.ts";
import { type DeviceTypes, measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { observationKind } from "../resources/observation-kind.ts";
import { fhirTime } from "../resources/time.ts";

/** The line of one reading of columns; undefined: it is none of the plain ones, and has to be mapped. */
export type LineOf = (columns: NumericColumns, i: number) => string | undefined;

const SAMPLE = {
  time: Date.UTC(2001, 0, 2, 3, 4, 5, 678),
  receivedAt: Date.UTC(2002, 1, 3, 4, 5, 6, 789),
  value: 12345.6789,
};
const OTHER = { time: SAMPLE.time + 86_400_001, receivedAt: SAMPLE.receivedAt + 61_007, value: 2.5 };
const QUOTED = (text: string) => JSON.stringify(text);

/**
 * Observations of a stream as text, put together from what all of them share: an object for each would cost more than finding
 * it. Where `mapReading` would say more than a plain value the line is left to it.
 *
 * @returns undefined: of this stream every reading has to be mapped
 */
export function createLineMaker(stream: Stream, organisation: Organisation, typeOf: DeviceTypes): LineOf | undefined {
  if (observationKind(stream).signal?.kind === "enumerated") return undefined;
  const mapped = (of: typeof SAMPLE) => {
    const reading = { stream, ...of, ordinal: 0, quality: 0, utcOffsetMinutes: null };
    return `${JSON.stringify(measuredBy(mapReading(reading, organisation), stream, typeOf))}\n`;
  };
  const text = mapped(SAMPLE);
  const [id, time, received, value] = [
    QUOTED(readingId(stream.id, SAMPLE.time, 0)),
    QUOTED(fhirTime(SAMPLE.time)),
    QUOTED(fhirTime(SAMPLE.receivedAt)),
    `"value":${SAMPLE.value}`,
  ];
  const parts = text.split(new RegExp([id, time, received, value].map((one) => `(${escaped(one)})`).join("|")));
  const slots = parts.filter((part) => part !== undefined && [id, time, received, value].includes(part));
  // A converted value has its own beside it.
  if (slots.join() !== [id, received, time, received, value].join()) return undefined;
  const [start = "", a = "", b = "", c = "", d = "", end = ""] = parts.filter(
    (part) => part !== undefined && ![id, time, received, value].includes(part),
  );
  const head = `${start}"${readingId(stream.id, 0, 0).slice(0, 33)}`;
  const [whenOf, receivedOf] = [createTimeText(), createTimeText()];
  const lineOf: LineOf = ({ times, values, quality, ordinals, receivedAt, utcOffsets }, i) => {
    const number = values[i] as number;
    if (quality[i] !== 0 || !Number.isFinite(number)) return undefined;
    const at = times[i] as number;
    const offset = utcOffsets[i] as number;
    const arrived = receivedOf(receivedAt[i] as number, null);
    const effective = whenOf(at, offset === NO_UTC_OFFSET ? null : offset);
    const ordinal = (ordinals[i] as number) === 0 ? "0" : (ordinals[i] as number).toString(36);
    const name = at.toString(36).padStart(9, "0");
    // Where -0 stands JSON has 0, as here.
    return `${head}${name}${ordinal}"${a}"${arrived}"${b}"${effective}"${c}"${arrived}"${d}"value":${number}${end}`;
  };
  // Whatever else of the text comes of the value or its times, as a value in another unit does, shows on another reading.
  return lineOf(columnsOf(OTHER), 0) === mapped(OTHER) ? lineOf : undefined;
}

function columnsOf({ time, receivedAt, value }: typeof SAMPLE): NumericColumns {
  const columns = emptyColumns(1);
  columns.times[0] = time;
  columns.receivedAt[0] = receivedAt;
  columns.values[0] = value;
  columns.utcOffsets[0] = NO_UTC_OFFSET;
  return columns;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const SECONDS = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(2, "0")}.`);
const MILLISECONDS = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, "0"));

/** `fhirTime`, which remembers the minute before. */
export function createTimeText(): (ms: number, utcOffsetMinutes: number | null) => string {
  let minute = Number.NaN;
  let offset: number | null = Number.NaN;
  let prefix = "";
  let suffix = "";
  return (ms, utcOffsetMinutes) => {
    if (!Number.isInteger(ms)) return fhirTime(ms, utcOffsetMinutes);
    const whole = Math.floor(ms / 60_000);
    if (whole !== minute || utcOffsetMinutes !== offset) {
      const text = fhirTime(whole * 60_000, utcOffsetMinutes);
      minute = whole;
      offset = utcOffsetMinutes;
      prefix = text.slice(0, 17);
      suffix = text.slice(23);
    }
    const rest = ms - whole * 60_000;
    const second = Math.floor(rest / 1_000);
    return `${prefix}${SECONDS[second]}${MILLISECONDS[rest - second * 1_000]}${suffix}`;
  };
}
