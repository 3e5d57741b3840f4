import type { Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { type Conversion, checkUnit, toCanonical } from "@openward/signals/units";
import type { Lease } from "./columns/output-memory.ts";
import type { ColumnWriter, Format } from "./columns/writer.ts";
import type { Columns, StreamQueries, Trend } from "./ports/index.ts";
import type { Names } from "./row-names.ts";
import { cursorText } from "./stream-fields.ts";

/** So much is written before it is handed on. */
const PART_BYTES = 65_536;

/** What stands beside the values of each stream, and of the streams of a patient, as bytes. */
export function createStreamNames() {
  const caches = new Map<
    Format,
    {
      one: WeakMap<Stream, Uint8Array>;
      unit: WeakMap<Stream, Uint8Array>;
    }
  >();
  const of = (format: Format) => {
    let cache = caches.get(format);
    if (!cache) {
      cache = { one: new WeakMap(), unit: new WeakMap() };
      caches.set(format, cache);
    }
    return cache;
  };
  const nameOf = ({ id, patientId, deviceId, signal, unit }: Stream, inUnit = unit) => ({
    streamId: id,
    patientId,
    deviceId,
    signal,
    unit: inUnit,
  });
  function kept<K extends object>(cache: WeakMap<K, Uint8Array>, key: K, make: () => Uint8Array): Uint8Array {
    let bytes = cache.get(key);
    if (!bytes) {
      bytes = make();
      cache.set(key, bytes);
    }
    return bytes;
  }
  return {
    /** Fields of a stream, in the unit as received. */
    received: (format: Format, stream: Stream) => kept(of(format).one, stream, () => format.fieldsOf(nameOf(stream))),
    /** The same in the signal's own unit. */
    canonical: (format: Format, stream: Stream) =>
      kept(of(format).unit, stream, () => format.fieldsOf(nameOf(stream, conversionOf(stream).unit))),
  };
}

export type StreamNames = ReturnType<typeof createStreamNames>;

/** @param known tag of the names that the asker has from an answer before: they are not said again */
export function newestDocument(
  format: Format,
  { bytes, tag }: Names,
  newest: Awaited<ReturnType<StreamQueries["newest"]>>,
  { known, place }: { known: string | undefined; place: Lease },
): Uint8Array {
  const writer = format.writer(place);
  writer.beginMap();
  writer.key("rows");
  writer.value(tag);
  if (known !== tag) writer.encodedFields(bytes);
  writer.key("times");
  writer.floats(newest.times);
  writer.key("values");
  writer.floats(newest.values);
  writer.key("receivedAt");
  writer.floats(newest.receivedAt);
  writer.key("quality");
  writer.wholes(newest.quality);
  writer.endMap();
  return writer.take();
}

export async function* readingsDocument(
  format: Format,
  names: StreamNames,
  streams: readonly Stream[],
  limit: number,
  read: (stream: Stream) => AsyncIterable<Columns>,
  place: Lease,
): AsyncGenerator<Uint8Array> {
  const writer = format.writer(place);
  let left = limit;
  let next: string | null = null;
  writer.beginMap();
  writer.key("streams");
  writer.beginArray();
  for (const stream of streams) {
    writer.beginMap();
    writer.encodedFields(names.received(format, stream));
    writer.key("pieces");
    writer.beginArray();
    for await (const { times, values, quality, ordinals } of read(stream)) {
      const count = Math.min(left, times.length);
      writer.beginMap();
      writer.key("times");
      writer.floats(times.subarray(0, count));
      writer.key("values");
      writer.floats(values.subarray(0, count));
      writer.key("quality");
      writer.wholes(quality.subarray(0, count));
      writer.endMap();
      left -= count;
      if (left === 0) {
        next = cursorText({
          streamId: stream.id,
          time: times[count - 1] as number,
          ordinal: ordinals[count - 1] as number,
        });
        break;
      }
      if (writer.length >= PART_BYTES) yield writer.take();
    }
    writer.endArray();
    writer.endMap();
    if (left === 0) break;
  }
  writer.endArray();
  writer.key("next");
  writer.value(next);
  writer.endMap();
  yield writer.take();
}

export function trendDocument(format: Format, names: StreamNames, trends: readonly Trend[], place: Lease): Uint8Array {
  const buckets = trends[0]?.starts ?? new Float64Array();
  const writer = format.writer(place);
  writer.beginMap();
  writer.key("starts");
  writer.floats(buckets.map(Math.round));
  writer.key("streams");
  writer.beginArray();
  for (const { stream, min, max, mean, last, count } of trends) {
    writer.beginMap();
    writer.encodedFields(names.canonical(format, stream));
    for (const [name, column] of [
      ["min", min],
      ["max", max],
      ["mean", mean],
      ["last", last],
    ] as const) {
      writer.key(name);
      writer.floats(inOwnUnit(stream, column));
    }
    writer.key("count");
    writer.wholes(count);
    writer.endMap();
  }
  writer.endArray();
  writer.endMap();
  return writer.take();
}

export async function* lineDocument(
  format: Format,
  names: StreamNames,
  streams: readonly Stream[],
  line: (stream: Stream) => Promise<{ readonly times: Float64Array; readonly values: Float64Array }>,
): AsyncGenerator<Uint8Array> {
  const writer = format.writer(PART_BYTES);
  writer.beginMap();
  writer.key("streams");
  writer.beginArray();
  for (const stream of streams) {
    const { times, values } = await line(stream);
    writer.beginMap();
    writer.encodedFields(names.canonical(format, stream));
    writer.key("times");
    writer.floats(times);
    writer.key("values");
    writer.floats(inOwnUnit(stream, values));
    writer.endMap();
    if (writer.length >= PART_BYTES) yield writer.take();
  }
  writer.endArray();
  writer.endMap();
  yield writer.take();
}

/** Fields of one stream around something of its own. */
export function openStream(writer: ColumnWriter, format: Format, names: StreamNames, stream: Stream): void {
  writer.beginMap();
  writer.encodedFields(names.received(format, stream));
}

interface OwnUnit {
  readonly unit: string;
  readonly conversion: Conversion | undefined;
}

const NO_SCALE = { scale: 1, offset: 0 };

/** Two devices share one axis, whatever unit each speaks. */
function conversionOf(stream: Stream): OwnUnit {
  const signal = findSignal(stream.signal);
  const verdict = signal && checkUnit(signal, stream.unit);
  if (!verdict?.ok) return { unit: stream.unit, conversion: undefined };
  const { conversion } = verdict;
  const isSame = conversion.scale === NO_SCALE.scale && conversion.offset === NO_SCALE.offset;
  return { unit: signal?.ucum ?? "1", conversion: isSame ? undefined : conversion };
}

function inOwnUnit(stream: Stream, column: Float64Array): Float64Array {
  const { conversion } = conversionOf(stream);
  return conversion ? column.map((value) => (Number.isNaN(value) ? value : toCanonical(value, conversion))) : column;
}
