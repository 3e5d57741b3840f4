import type { Amendment, Stream } from "@openward/model";
import { type Book, holds, isAbout } from "./book.ts";
import type { StreamIdOf } from "./resolve.ts";

/** A span of a stream as it was received: of one reading (`received` is its value), or of samples (null). */
export interface ReceivedSpan {
  readonly stream: Stream;
  readonly from: number;
  readonly to: number;
  readonly received: number | null;
}

/** What a reader reads in its place. */
export interface Reads {
  /** Of the patient whose it is today. */
  readonly stream: Stream;
  readonly isHidden: boolean;
  /** Of a reading; null where it is hidden, and for samples. */
  readonly value: number | null;
  /** What made it so, other than whose it is: a person's withdrawal of what a run had said, too. null: nothing did. */
  readonly amendment: Amendment | null;
  /** It was given to another patient, or that was taken back. */
  readonly isGiven: boolean;
  /** An amendment is about a part of the span only. */
  readonly isSplit: boolean;
  /** Everything that holds and says something of the reading or span alone, oldest first. */
  readonly own: readonly Amendment[];
}

/**
 * Follows a reading forward through the amendments in the order in which they were made: the same rules as `resolve`, which
 * asks of a stream what it is made of.
 */
export function readsOf(
  book: Book,
  streamIdOf: StreamIdOf,
  { stream: first, from, to, received }: ReceivedSpan,
): Reads {
  let stream = first;
  let reads: Omit<Reads, "stream" | "own"> = {
    isHidden: false,
    value: received,
    amendment: null,
    isGiven: false,
    isSplit: false,
  };
  const own: Amendment[] = [];
  let behind = 0;
  search: for (;;) {
    for (const record of book.around(stream, from, to)) {
      const { amendment } = record;
      const { kind, patientId, toPatientId, sequence, reading, corrected } = amendment;
      if (sequence <= behind || patientId !== stream.patientId || !isAbout(amendment, stream)) continue;
      if (!holds(record)) {
        const isOwn = reading ? reading.received === received : received === null;
        // That a run was wrong is a person's word as well.
        if (isOwn && amendment.via === "reprocess" && record.withdrawnBy?.via === "person")
          reads = { ...reads, amendment: record.withdrawnBy };
        continue;
      }
      behind = sequence;
      if (reading) {
        if (received === null || reading.received !== received) continue;
        own.push(amendment);
        reads = { ...reads, isHidden: corrected === null, value: corrected, amendment };
      } else if (amendment.from > from || amendment.to < to) {
        reads = { ...reads, isSplit: true, amendment };
      } else if (kind === "re-attributed" && toPatientId !== null) {
        const given = { ...stream, patientId: toPatientId };
        stream = { ...given, id: streamIdOf(given) };
        reads = { ...reads, isGiven: true };
        continue search;
      } else {
        // Nothing that is said of a reading later brings back a span that is in error.
        if (amendment.from === from && amendment.to === to && amendment.streamId === stream.id) own.push(amendment);
        return { ...reads, stream, own, isHidden: true, value: null, amendment };
      }
    }
    return { ...reads, stream, own };
  }
}
