import type { Amendment, PatientView, Stream } from "@openward/model";
import { sees } from "@openward/signals/categories";
import type { Reading } from "../telemetry/ports.ts";
import { type Book, holds, isAbout } from "./book.ts";
import { countsToday, type NewestBook } from "./newest.ts";
import type { Received } from "./ports.ts";
import { isKnown } from "./received.ts";
import { type Part, resolve, type StreamIdOf } from "./resolve.ts";

export interface Overlay {
  readonly received: Received;
  readonly book: Book;
  readonly newest: NewestBook;
  readonly streamIdOf: StreamIdOf;
  /** Also one that the patient has only because a span was given to them. */
  streamOf(view: PatientView, streamId: string): Stream | undefined;
  /** Does any amendment that holds say something of this span, or is the stream only there because of one? */
  isTouched(stream: Stream, from: number, to: number): boolean;
  /** The newest amendment that holds and says something of it. */
  newestOf(stream: Stream, from: number, to: number): Amendment | undefined;
  touchedSpans(stream: Stream, from: number, to: number): { readonly from: number; readonly to: number }[];
  partsOf(stream: Stream, from: number, to: number): Part[];
  latest(view: PatientView, patientId: string): Reading[];
  /** Device time of the newest that counts; null: nothing does. */
  lastAt(stream: Stream, received: number | null): number | null;
}

/** Only to ask whether a stream was ever received. */
const ANY_VIEW: Pick<PatientView, "principal"> = {
  principal: { kind: "system", id: "system", display: "Openward", organisationId: "", role: "integration" },
};

export function createOverlay(deps: {
  received: Received;
  book: Book;
  newest: NewestBook;
  streamIdOf: StreamIdOf;
}): Overlay {
  const { received, book, newest, streamIdOf } = deps;

  const touching = (stream: Stream, from: number, to: number) =>
    book
      .around(stream, from, to)
      .filter((record) => isAbout(record.amendment, stream) && holds(record))
      .map(({ amendment }) => amendment);

  return {
    received,
    book,
    newest,
    streamIdOf,
    streamOf(view, streamId) {
      const own = received.queries.known(view, streamId);
      if (own || book.isEmpty) return own;
      const given = newest.byId(streamId);
      return given && sees(view, given) ? given : undefined;
    },
    isTouched(stream, from, to) {
      if (book.of(stream).length === 0) return false;
      return touching(stream, from, to).length > 0 || !isKnown(received, ANY_VIEW, stream);
    },
    newestOf: (stream, from, to) => touching(stream, from, to).at(-1),
    touchedSpans: (stream, from, to) => touching(stream, from, to).map((each) => ({ from: each.from, to: each.to })),
    partsOf: (stream, from, to) => resolve(book, streamIdOf, stream, from, to),
    latest(view, patientId) {
      const plain = received.latest(view, patientId);
      const records = view.recordsOf(patientId).filter((record) => book.has(record));
      if (records.length === 0) return [...plain];
      const readings: Reading[] = [];
      const done = new Set<string>();
      for (const reading of plain) {
        done.add(reading.stream.id);
        const known = newest.find(reading.stream)?.reading;
        const counts = countsToday(book, reading.stream, reading.time, reading.value);
        if (counts && !(known && known.time > reading.time)) readings.push(reading);
        else if (known) readings.push(known);
      }
      for (const record of records) {
        for (const { stream, reading } of newest.of(record)) {
          if (reading && !done.has(stream.id) && sees(view, stream)) readings.push(reading);
        }
      }
      return readings;
    },
    lastAt(stream, last) {
      if (book.of(stream).length === 0) return last;
      const known = newest.find(stream)?.lastAt ?? null;
      if (last === null) return known;
      const isTaken = touching(stream, last, last + 1).some((each) => each.patientId === stream.patientId);
      if (isTaken) return known;
      return known === null ? last : Math.max(known, last);
    },
  };
}
