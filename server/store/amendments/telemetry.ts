import type { AmendmentRecord, PatientView, ReadingVersion, Stream } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { NumericColumns } from "@openward/timeseries";
import type { Reading, StreamSummary } from "../telemetry/ports.ts";
import { isAbout, overlaps } from "./book.ts";
import type { Overlay } from "./overlay.ts";
import { pageOf, readingOf, rowsOf, withVersions } from "./pages.ts";
import type { AmendedTelemetry } from "./ports.ts";
import { amendQueries } from "./queries.ts";
import { columnsOf, isKnown, recordOnly } from "./received.ts";
import { versionsOf } from "./versions.ts";

/** The questions of portals and FHIR, answered from what was received and what people said of it since. */
export function amendTelemetry(overlay: Overlay): AmendedTelemetry {
  const { received, book, streamIdOf, newest } = overlay;
  const queries = amendQueries(overlay);

  /** A stream of this person, whichever of their records has it. */
  const ofPerson = (view: PatientView, patientId: string, streamId: string): Stream | undefined => {
    const stream = overlay.streamOf(view, streamId);
    return stream && view.recordsOf(patientId).includes(stream.patientId) ? stream : undefined;
  };
  const numericOf = (view: PatientView, query: { patientId: string; streamIds: readonly string[] }) =>
    query.streamIds
      .map((id) => ofPerson(view, query.patientId, id))
      .filter((stream): stream is Stream => stream?.kind === "numeric");

  const summaryOf = ({ stream, lastAt }: StreamSummary): StreamSummary => ({
    stream,
    lastAt: overlay.lastAt(stream, lastAt),
  });

  /** Everything that was ever received under this stream's name, or stands in it now, once each. */
  const allOf = (view: PatientView, stream: Stream, from: number, to: number) => {
    const own = { stream, from, to, edits: [] };
    const given = overlay.partsOf(stream, from, to).filter((part) => part.stream.id !== stream.id);
    return [own, ...given.map((part) => ({ ...part, edits: [] }))].filter((part) =>
      isKnown(received, view, part.stream),
    );
  };

  /** The reading as it was received, in the record in which it was. */
  async function locate(view: PatientView, stream: Stream, time: number, ordinal: number) {
    for (const part of allOf(view, stream, time, time + 1)) {
      const asked = { from: time, to: time + 1, isDescending: false };
      for await (const columns of received.queries.columns(
        recordOnly(part.stream.patientId, view),
        part.stream.id,
        asked,
      )) {
        const i = columns.ordinals.indexOf(ordinal);
        if (i >= 0) return readingOf(part.stream, columns, i);
      }
    }
    return givenBack(view, stream, time, ordinal);
  }

  /** It stood in this record while a re-attribution held that was withdrawn. */
  async function givenBack(view: PatientView, stream: Stream, time: number, ordinal: number) {
    for (const { amendment } of book.of(stream)) {
      if (amendment.toPatientId !== stream.patientId || time < amendment.from || time >= amendment.to) continue;
      const source = { ...stream, patientId: amendment.patientId };
      const given = { ...source, id: streamIdOf(source) };
      const found = await received.reading(recordOnly(given.patientId, view), given.id, time, ordinal);
      if (found) return found;
    }
    return undefined;
  }

  const versionsOfReading = (stream: Stream, reading: Reading): ReadingVersion[] =>
    versionsOf(book, streamIdOf, stream, {
      streamId: reading.stream.id,
      time: reading.time,
      value: reading.value,
      receivedAt: reading.receivedAt,
    });

  return {
    queries,
    distribution: queries.distribution,

    async streams(view, patientId) {
      const plain = await received.streams(view, patientId);
      const records = view.recordsOf(patientId).filter((record) => book.has(record));
      if (records.length === 0) return plain;
      const known = new Set(plain.map(({ stream }) => stream.id));
      const given = records.flatMap((record) =>
        [...newest.of(record)].filter(({ stream }) => !known.has(stream.id) && sees(view, stream)),
      );
      return [...plain.map(summaryOf), ...given.map(({ stream, lastAt }) => ({ stream, lastAt }))];
    },

    async stream(view, streamId) {
      const plain = await received.stream(view, streamId);
      if (plain) return summaryOf(plain);
      const stream = overlay.streamOf(view, streamId);
      return stream && { stream, lastAt: overlay.lastAt(stream, null) };
    },

    latest: (view, patientId) => (book.isEmpty ? received.latest(view, patientId) : overlay.latest(view, patientId)),

    async readings(view, query) {
      const { from, to, after, withErrors = false } = query;
      if (book.isEmpty) return received.readings(view, query);
      const streams = numericOf(view, query);
      // Withdrawn ones count here: what was in error for a time has versions.
      const isAmended = (stream: Stream) => book.of(stream).some(({ amendment: a }) => a.from < to && a.to > from);
      if (!streams.some(isAmended)) return received.readings(view, query);
      const isDescending = query.order === "descending";
      const asked = {
        from: after && !isDescending ? Math.max(from, after.time) : from,
        to: after && isDescending ? Math.min(to, after.time + 1) : to,
        isDescending,
      };
      if (!(asked.from < asked.to)) return [];
      const sources = streams.flatMap((stream) => {
        const columns = (parts: Parameters<typeof columnsOf>[2]): AsyncIterable<NumericColumns> =>
          columnsOf(received, view, parts, asked);
        if (!withErrors) return [rowsOf(stream, columns(overlay.partsOf(stream, asked.from, asked.to)))];
        return allOf(view, stream, asked.from, asked.to).map((part) =>
          withVersions(rowsOf(part.stream, columns([part])), stream, (reading) => versionsOfReading(stream, reading)),
        );
      });
      return pageOf(sources, query);
    },

    async reading(view, streamId, time, ordinal) {
      const stream = overlay.streamOf(view, streamId);
      if (stream?.kind !== "numeric") return undefined;
      if (!overlay.isTouched(stream, time, time + 1)) return received.reading(view, streamId, time, ordinal);
      const asked = { from: time, to: time + 1, isDescending: false };
      for await (const columns of columnsOf(received, view, overlay.partsOf(stream, time, time + 1), asked)) {
        const i = columns.ordinals.indexOf(ordinal);
        if (i >= 0) return readingOf(stream, columns, i);
      }
      return undefined;
    },

    async trend(view, query) {
      const { from, to, streamIds } = query;
      const buckets = Math.floor(query.buckets);
      const streams = book.isEmpty ? [] : numericOf(view, query);
      if (!(from < to) || !(buckets >= 1) || !streams.some((stream) => overlay.isTouched(stream, from, to)))
        return received.trend(view, query);
      const wanted = new Set(streamIds);
      const ids = streams.map(({ id }) => id).filter((id) => wanted.has(id));
      return queries.trends(view, ids, { from, to, buckets });
    },

    async waveform(view, query) {
      const { patientId, streamId, from, to } = query;
      const stream = book.isEmpty ? undefined : ofPerson(view, patientId, streamId);
      if (stream?.kind !== "waveform" || !overlay.isTouched(stream, from, to)) return received.waveform(view, query);
      const pieces = [];
      for await (const piece of queries.waveforms(view, streamId, { from, to })) pieces.push(piece);
      return pieces;
    },

    async waveformOverview(view, query) {
      const { patientId, streamId, from, to } = query;
      const stream = book.isEmpty ? undefined : ofPerson(view, patientId, streamId);
      const buckets = Math.floor(query.buckets);
      const isAsked = stream?.kind === "waveform" && from < to && buckets >= 1;
      if (!isAsked || !overlay.isTouched(stream, from - 1000, to + 1000)) return received.waveformOverview(view, query);
      return queries.overview(view, streamId, { from, to, buckets });
    },

    async history(view, streamId, time, ordinal) {
      // A stream that stood in this record for a time is not there any more: its name is found through its amendments.
      const stream = overlay.streamOf(view, streamId) ?? givenOnce(view, streamId);
      if (stream?.kind !== "numeric") return undefined;
      const reading = await locate(view, stream, time, ordinal);
      const versions = reading ? versionsOfReading(stream, reading) : [];
      return reading && versions.length > 0
        ? { reading: { ...reading, stream, value: Number.NaN }, versions }
        : undefined;
    },

    touched(view, streamId, from, to) {
      const stream = overlay.streamOf(view, streamId) ?? givenOnce(view, streamId);
      if (!stream) return undefined;
      const isOf = ({ amendment: a }: AmendmentRecord) => overlaps(a, from, to) && isAbout(a, stream);
      return book.of(stream).findLast(isOf);
    },
  };

  function givenOnce(view: PatientView, streamId: string): Stream | undefined {
    for (const patientId of book.patients()) {
      if (!view.has(patientId)) continue;
      for (const { amendment } of book.ofPatient(patientId)) {
        if (amendment.toPatientId !== patientId) continue;
        const source = recordOnly(amendment.patientId, view);
        for (const { stream } of knownStreams(source, amendment.patientId)) {
          if (stream.deviceId !== amendment.deviceId) continue;
          const given = { ...stream, patientId };
          if (streamIdOf(given) === streamId) return sees(view, given) ? { ...given, id: streamId } : undefined;
        }
      }
    }
    return undefined;
  }

  function knownStreams(view: PatientView, patientId: string): readonly { stream: Stream }[] {
    return received.latest(view, patientId);
  }
}
