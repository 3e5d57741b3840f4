import { sees } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";
import type { Reading, ReadingKey } from "../ports.ts";
import { measuredBy } from "../resources/containment.ts";
import { mapReading } from "../resources/observation.ts";
import { isPlain, observationTexts } from "../resources/observation-text.ts";
import type { Interval } from "../search/intervals.ts";
import { type Covering, coveredOf } from "./covered.ts";
import { type Direction, type Item, type Place, remaining, resumeAt, type Source } from "./source.ts";

export interface ReadingsOptions {
  readonly patientId: string;
  readonly streamIds: readonly string[];
  readonly spans: readonly Interval[];
  readonly direction: Direction;
  /** How many to ask the store for at a time. */
  readonly batch: number;
  readonly bound: number;
  /** Left out: whatever was written about them, readings are told as they were measured. */
  readonly covering?: Covering;
}

/** A reading, and whether what somebody wrote about it stands in its place. */
export interface Told {
  readonly reading: Reading;
  readonly isCovered: boolean;
}

/** Readings of some streams of one patient, in the store's own order. */
export function createReadingIterator(
  { telemetry, view }: Pick<RecordContext, "telemetry" | "view">,
  { patientId, streamIds, direction, batch, covering }: ReadingsOptions,
  spans: readonly Interval[],
  after: ReadingKey | undefined,
): () => Promise<Told | undefined> {
  const left = [...spans];
  let buffer: readonly Reading[] = [];
  let covered: readonly boolean[] = [];
  let position = 0;
  let last = after;
  let atEnd = true;
  let span: Interval | undefined;
  return async () => {
    while (position >= buffer.length) {
      if (atEnd) {
        span = left.shift();
        if (!span) return undefined;
      }
      const { from, to } = span as Interval; // atEnd is true before the first span is taken
      buffer = await telemetry.readings(view, {
        patientId,
        streamIds,
        from,
        to,
        order: direction,
        limit: batch,
        withErrors: true,
        ...(last === undefined ? {} : { after: last }),
      });
      covered = covering ? await coveredOf(covering, buffer) : [];
      position = 0;
      atEnd = buffer.length < batch;
      const end = buffer.at(-1);
      if (end) last = keyOf(end);
    }
    const i = position++;
    const reading = buffer[i];
    return reading && { reading, isCovered: covered[i] === true };
  };
}

/** One Observation per reading. */
export function createReadingSource(
  context: RecordContext,
  options: ReadingsOptions,
  place: Place | undefined,
): Source {
  const order = `${options.patientId} 0`;
  const resume = resumeAt(place, order);
  const after =
    resume.kind === "key"
      ? { time: resume.time, streamId: String(resume.key[0]), ordinal: Number(resume.key[1]) }
      : undefined;
  const spans = remaining(options.spans, options.direction, resume);
  const nextReading = createReadingIterator(context, options, spans, after);
  return {
    order,
    bound: options.bound,
    async next(): Promise<Item | undefined> {
      const told = await nextReading();
      if (!told) return undefined;
      const { reading, isCovered } = told;
      return {
        isCovered,
        time: reading.time,
        key: [reading.stream.id, reading.ordinal],
        weight: 1,
        map: () =>
          measuredBy(mapReading(reading, context.organisation, context.limitsAt), reading.stream, context.typeOf),
        text: () => textOf(context, reading),
        isSeen: () => sees(context.view, reading.stream),
      };
    },
  };
}

function textOf({ organisation, typeOf, limitsAt }: RecordContext, reading: Reading) {
  const { stream, time, ordinal, receivedAt, value, utcOffsetMinutes } = reading;
  if (!isPlain(reading) || limitsAt?.(stream.patientId, stream.signal, time)) return undefined;
  const texts = observationTexts(stream, organisation, typeOf);
  if (!texts) return undefined;
  const id = texts.idOf(time, ordinal);
  return { id, json: texts.textOf(id, time, receivedAt, value, utcOffsetMinutes) };
}

function keyOf({ time, stream, ordinal }: Reading): ReadingKey {
  return { time, streamId: stream.id, ordinal };
}
