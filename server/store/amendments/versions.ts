import type { Amendment, ReadingVersion, Stream } from "@openward/model";
import { type Book, holds, isAbout, overlaps } from "./book.ts";
import { editOf, resolve, type StreamIdOf } from "./resolve.ts";

/** A reading as it was received, in whosever record. */
export interface ReceivedReading {
  readonly streamId: string;
  readonly time: number;
  readonly value: number;
  readonly receivedAt: number;
}

interface State {
  readonly status: "final" | "corrected" | "entered-in-error" | "not-there";
  readonly value: number | null;
  /** It is in no record of this patient, but in another's. */
  readonly isOfAnother: boolean;
}

/**
 * The versions of a reading in the record of a stream's patient, oldest first. Where it has turned out to be another
 * patient's, or was given to this one and taken back, no version has a value, whatever it said then.
 */
export function versionsOf(
  book: Book,
  streamIdOf: StreamIdOf,
  stream: Stream,
  reading: ReceivedReading,
): ReadingVersion[] {
  const events = eventsOf(book, stream, reading);
  const versions: ReadingVersion[] = [];
  let before = stateAt(book, streamIdOf, stream, reading, 0);
  if (before.status !== "not-there") {
    versions.push({ version: 1, status: "final", value: before.value, at: reading.receivedAt, amendment: null });
  }
  for (const amendment of events) {
    const state = stateAt(book, streamIdOf, stream, reading, amendment.sequence);
    if (state.status === before.status && Object.is(state.value, before.value)) continue;
    before = state;
    const status = state.status === "not-there" ? "entered-in-error" : state.status;
    versions.push({ version: versions.length + 1, status, value: state.value, at: amendment.at, amendment });
  }
  return before.isOfAnother ? versions.map((version) => ({ ...version, value: null })) : versions;
}

/** What happened to it, in order: amendments, and their withdrawals. */
function eventsOf(book: Book, stream: Stream, { time, value }: ReceivedReading): Amendment[] {
  return book
    .of(stream)
    .filter(({ amendment }) => {
      if (!overlaps(amendment, time, time + 1) || !isAbout(amendment, stream)) return false;
      return amendment.reading === null || amendment.reading.received === value;
    })
    .flatMap(({ amendment, withdrawnBy }) => (withdrawnBy ? [amendment, withdrawnBy] : [amendment]))
    .sort((a, b) => a.sequence - b.sequence);
}

function stateAt(
  book: Book,
  streamIdOf: StreamIdOf,
  stream: Stream,
  { streamId, time, value }: ReceivedReading,
  asOf: number,
): State {
  const parts = resolve(book, streamIdOf, stream, time, time + 1, { asOf });
  const part = parts.find((each) => each.stream.id === streamId);
  if (part) {
    const edit = editOf(part.edits, time, value);
    if (!edit) return { status: "final", value, isOfAnother: false };
    if (edit.value === null) return { status: "entered-in-error", value: null, isOfAnother: false };
    return { status: "corrected", value: edit.value, isOfAnother: false };
  }
  const taken = book
    .of(stream)
    .filter(
      (record) =>
        record.amendment.patientId === stream.patientId &&
        record.amendment.reading === null &&
        overlaps(record.amendment, time, time + 1) &&
        isAbout(record.amendment, stream) &&
        holds(record, asOf),
    );
  if (taken.length > 0) {
    const isOfAnother = taken.some(({ amendment }) => amendment.kind === "re-attributed");
    return { status: "entered-in-error", value: null, isOfAnother };
  }
  // Given to this patient later, or given and taken back.
  return { status: "not-there", value: null, isOfAnother: true };
}
