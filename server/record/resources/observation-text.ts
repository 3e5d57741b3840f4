import type { Organisation, Stream } from "@openward/model";
import { readingId } from "../observation-id.ts";
import type { Reading } from "../ports.ts";
import { type DeviceTypes, measuredBy } from "./containment.ts";
import { mapReading } from "./observation.ts";
import { observationKind } from "./observation-kind.ts";
import { fhirTime } from "./time.ts";

/** Observations of one stream as JSON. */
export interface ObservationTexts {
  /** The id of a reading, as `readingId` has it. */
  idOf(time: number, ordinal: number): string;
  /** @param value finite; of a reading with nothing else to say. @returns what `JSON.stringify` makes of what `mapReading` does */
  textOf(id: string, time: number, receivedAt: number, value: number, utcOffsetMinutes: number | null): string;
}

const SAMPLE = {
  time: Date.UTC(2001, 0, 2, 3, 4, 5, 678),
  receivedAt: Date.UTC(2002, 1, 3, 4, 5, 6, 789),
  value: 12345.6789,
};
const OTHER = { time: SAMPLE.time + 86_400_001, receivedAt: SAMPLE.receivedAt + 61_007, value: 2.5 };
const QUOTED = (text: string) => JSON.stringify(text);

/**
 * Observations of a stream as text, put together from what all of them share: an object for each would cost more than finding
 * it. Where `mapReading` would say more than a plain value the text is left to it.
 *
 * @returns undefined: of this stream every reading has to be mapped
 */
export function createObservationTexts(
  stream: Stream,
  organisation: Organisation,
  typeOf: DeviceTypes,
): ObservationTexts | undefined {
  if (observationKind(stream).signal?.kind === "enumerated") return undefined;
  const mapped = (of: typeof SAMPLE) => {
    const reading = { stream, ...of, ordinal: 0, quality: 0, utcOffsetMinutes: null };
    return JSON.stringify(measuredBy(mapReading(reading, organisation), stream, typeOf));
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
  const ours = readingId(stream.id, 0, 0).slice(0, 33);
  const [whenOf, receivedOf] = [createTimeText(), createTimeText()];
  const texts: ObservationTexts = {
    idOf: (at, ordinal) => `${ours}${at.toString(36).padStart(9, "0")}${ordinal === 0 ? "0" : ordinal.toString(36)}`,
    textOf(of, at, receivedAt, number, utcOffsetMinutes) {
      const arrived = receivedOf(receivedAt, null);
      const effective = whenOf(at, utcOffsetMinutes);
      // Where -0 stands JSON has 0, as here.
      return `${start}"${of}"${a}"${arrived}"${b}"${effective}"${c}"${arrived}"${d}"value":${number}${end}`;
    },
  };
  // Whatever else of the text comes of the value or its times, as a value in another unit does, shows on another reading.
  const other = texts.textOf(texts.idOf(OTHER.time, 0), OTHER.time, OTHER.receivedAt, OTHER.value, null);
  return other === mapped(OTHER) ? texts : undefined;
}

interface Kept {
  readonly isDemo: boolean;
  readonly type: string | undefined;
  readonly texts: ObservationTexts | undefined;
}

/** By the stream as the store has it, whose object is the same with each question. */
const kept = new WeakMap<Stream, Kept>();

/** `createObservationTexts`, which remembers what it made. */
export function observationTexts(
  stream: Stream,
  organisation: Organisation,
  typeOf: DeviceTypes,
): ObservationTexts | undefined {
  const { isDemo } = organisation;
  const type = typeOf(stream.deviceId);
  const before = kept.get(stream);
  if (before && before.isDemo === isDemo && before.type === type) return before.texts;
  const texts = createObservationTexts(stream, organisation, typeOf);
  kept.set(stream, { isDemo, type, texts });
  return texts;
}

/** Nothing but a value is to be said of it, but for what limits say. */
export const isPlain = ({ quality, value, amended, said }: Reading): boolean =>
  quality === 0 && Number.isFinite(value) && amended === undefined && (said === undefined || said.length === 0);

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const SECONDS = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(2, "0")}.`);
const MILLISECONDS = Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, "0"));

/** `fhirTime`, which remembers the minute before. */
function createTimeText(): (ms: number, utcOffsetMinutes: number | null) => string {
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
