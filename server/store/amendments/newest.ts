import type { PatientView, Stream } from "@openward/model";
import type { Reading } from "../telemetry/ports.ts";
import { type Book, holds, isAbout } from "./book.ts";
import { readingOf } from "./pages.ts";
import type { Received } from "./ports.ts";
import { columnsOf, recordOnly, waveformsOf } from "./received.ts";
import { editOf, type Part, resolve, type StreamIdOf } from "./resolve.ts";

const END = 8_640_000_000_000_000;
const HOUR_MS = 3_600_000;
const BUCKETS = 240;
/** Fine enough to read the samples themselves. */
const NEAR_MS = 60_000;
const LONGEST_LOOK_MS = 100 * 24 * HOUR_MS;

interface Known {
  readonly stream: Stream;
  /** Of a numeric stream. */
  readonly reading: Reading | null;
  /** null: it is being worked out. */
  readonly lastAt: number | null;
}

/**
 * The newest effective reading of streams that an amendment touches, where the newest as received does not count any more
 * or is another's. Worked out when an amendment is made and when something arrives in an amended span: questions about the
 * newest do not wait. A stream that is not here says nothing, rather than something that was taken back.
 */
export function createNewestBook(deps: { received: Received; book: Book; streamIdOf: StreamIdOf; view: PatientView }) {
  const { received, book, streamIdOf, view } = deps;
  const byPatient = new Map<string, Map<string, Known>>();

  const partsOf = (stream: Stream) => resolve(book, streamIdOf, stream, 0, END);

  /** Streams that an amendment on this patient's device is about: their own, and those that were given to them. */
  async function streamsOf(patientId: string, deviceId: string, deep = 0): Promise<Stream[]> {
    const own = (await received.streams(recordOnly(patientId, view), patientId))
      .map(({ stream }) => stream)
      .filter((stream) => stream.deviceId === deviceId);
    const found = new Map(own.map((stream) => [stream.id, stream]));
    if (deep > SOURCES_DEEP) return own;
    for (const { amendment } of book.of({ id: "", patientId, deviceId })) {
      if (amendment.toPatientId !== patientId) continue;
      for (const source of await streamsOf(amendment.patientId, deviceId, deep + 1)) {
        const given = { ...source, patientId };
        const id = streamIdOf(given);
        if (!found.has(id)) found.set(id, { ...given, id });
      }
    }
    return [...found.values()];
  }

  /** Parts lie over one another: a stream's own goes on behind what was given to it. Those that end last are looked at first. */
  async function look(stream: Stream): Promise<Known | undefined> {
    let newest: Known | undefined;
    for (const part of partsOf(stream).sort((a, b) => b.to - a.to)) {
      if (newest && part.to <= (newest.lastAt as number)) break;
      const known = stream.kind === "numeric" ? await lastReading(stream, part) : await lastOf(stream, part);
      if (known && (known.lastAt as number) > (newest?.lastAt ?? Number.NEGATIVE_INFINITY)) newest = known;
    }
    return newest;
  }

  async function lastReading(stream: Stream, part: Part): Promise<Known | undefined> {
    const asked = { from: part.from, to: part.to, isDescending: true };
    for await (const columns of columnsOf(received, view, [part], asked)) {
      const reading = readingOf(stream, columns, 0);
      return { stream, reading, lastAt: reading.time };
    }
    return undefined;
  }

  async function lastOf(stream: Stream, part: Part): Promise<Known | undefined> {
    const lastAt = await lastSample(part);
    return lastAt === undefined ? undefined : { stream, reading: null, lastAt };
  }

  async function lastSample(part: Part): Promise<number | undefined> {
    const only = recordOnly(part.stream.patientId, view);
    const summary = await received.stream(only, part.stream.id);
    const last = summary?.lastAt;
    if (last === undefined || last === null || last < part.from) return undefined;
    if (last < part.to) return last;
    const oldest = Math.max(part.from, part.to - LONGEST_LOOK_MS);
    for (let to = part.to, span = HOUR_MS; to > oldest; to -= span, span *= 4) {
      let within = { from: Math.max(oldest, to - span), to };
      while (within.to - within.from > NEAR_MS) {
        const width = (within.to - within.from) / BUCKETS;
        const { min } = await received.queries.overview(only, part.stream.id, { ...within, buckets: BUCKETS });
        const filled = min.findLastIndex((value) => !Number.isNaN(value));
        if (filled < 0) break;
        // An overview is made of whole seconds: one more to each side.
        const from = Math.max(within.from, within.from + filled * width - 1000);
        const finer = { from, to: Math.min(within.to, within.from + (filled + 1) * width + 1000) };
        if (finer.to - finer.from >= within.to - within.from) break;
        within = finer;
      }
      if (within.to - within.from > NEAR_MS) continue;
      let end: number | undefined;
      for await (const { start, rateHz, samples } of waveformsOf(received, view, part.stream, [
        { ...part, ...within },
      ])) {
        end = start + ((samples.length - 1) * 1000) / rateHz;
      }
      if (end !== undefined) return end;
    }
    return undefined;
  }

  return {
    /** What one patient's device is known to have said, worked out anew. */
    async refresh(patientId: string, deviceId: string): Promise<void> {
      const found = new Map<string, Known>();
      for (const stream of await streamsOf(patientId, deviceId)) {
        const known = await look(stream);
        if (known) found.set(stream.id, known);
      }
      const known = byPatient.get(patientId) ?? new Map<string, Known>();
      byPatient.set(patientId, known);
      for (const [id, { stream }] of known) if (stream.deviceId === deviceId && !found.has(id)) known.delete(id);
      for (const [id, each] of found) known.set(id, each);
    },
    /** What was known does not hold any more, and what holds is not known yet. */
    hide(patientId: string, deviceId: string): void {
      const known = byPatient.get(patientId);
      for (const [id, { stream }] of known ?? [])
        if (stream.deviceId === deviceId) known?.set(id, { stream, reading: null, lastAt: null });
    },
    of: (patientId: string): Iterable<Known> => byPatient.get(patientId)?.values() ?? [],
    find: ({ patientId, id }: Pick<Stream, "patientId" | "id">): Known | undefined => byPatient.get(patientId)?.get(id),
    byId(streamId: string): Stream | undefined {
      for (const known of byPatient.values()) {
        const found = known.get(streamId);
        if (found) return found.stream;
      }
      return undefined;
    },
    forget: (patientId: string) => void byPatient.delete(patientId),
  };
}

export type NewestBook = ReturnType<typeof createNewestBook>;

/** A device goes round few patients; a chain of gifts ends long before this. */
const SOURCES_DEEP = 8;

/** Of a stream's own readings: does the one of this time and value, as received, still count? */
export function countsToday(book: Book, stream: Stream, time: number, value: number): boolean {
  const records = book.around(stream, time, time + 1);
  const isTouched = records.some((record) => isAbout(record.amendment, stream) && holds(record));
  if (!isTouched) return true;
  const part = resolve(book, () => "", stream, time, time + 1).find((each) => each.stream.id === stream.id);
  return part !== undefined && editOf(part.edits, time, value) === undefined;
}
