import { hash } from "node:crypto";
import type { Stream } from "@openward/model";
import { type ColumnWriter, type Format, fieldsWritten } from "./columns/writer.ts";

interface OfPatient {
  readonly patientId: string;
  /** The same array while it says the same. */
  readonly streams: readonly Stream[];
}

export interface Names {
  /** Fields of the document. */
  readonly bytes: Uint8Array;
  /** Says the same while these names do. */
  readonly tag: string;
}

interface Written extends Names {
  readonly patients: readonly OfPatient[];
}

/** Of one patient's streams: they stand in the answer about them alone, about their ward, about somebody's list. */
const KEPT_MAX = 4;
const TAG_LENGTH = 16;

/**
 * What stands beside the newest values of many streams: whose, of which device, what and in which unit, each text once and an index
 * a row. A screen asks for the same rows again and again: they are kept as bytes.
 */
export function createRowNames() {
  const caches = new Map<Format, WeakMap<readonly Stream[], Written[]>>();

  return {
    /** Rows are those of the first patient's streams, then of the next one's. */
    of(format: Format, patients: readonly OfPatient[]): Names {
      const first = patients[0]?.streams;
      if (!first) return written(format, patients);
      const cache = caches.get(format) ?? new WeakMap<readonly Stream[], Written[]>();
      caches.set(format, cache);
      const kept = cache.get(first) ?? [];
      const found = kept.find((one) => isSame(one.patients, patients));
      if (found) return found;
      const made = written(format, patients);
      cache.set(first, [made, ...kept.slice(0, KEPT_MAX - 1)]);
      return made;
    },
  };
}

export type RowNames = ReturnType<typeof createRowNames>;

function isSame(a: readonly OfPatient[], b: readonly OfPatient[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.streams === b[i]?.streams && one.patientId === b[i]?.patientId)
  );
}

function written(format: Format, patients: readonly OfPatient[]): Written {
  // The same in every format: a stream keeps its patient, device, signal and unit.
  const said = patients.map(({ patientId, streams }) => `${patientId} ${streams.map(({ id }) => id)}`).join("\n");
  return { patients, bytes: fieldsOf(format, patients), tag: hash("sha256", said).slice(0, TAG_LENGTH) };
}

function fieldsOf(format: Format, patients: readonly OfPatient[]): Uint8Array {
  const rows = patients.flatMap(({ streams }, patient) => streams.map((stream) => ({ stream, patient })));
  return fieldsWritten(format, (writer) => {
    writer.key("patients");
    writer.value(patients.map(({ patientId }) => patientId));
    writer.key("streams");
    writer.value(rows.map(({ stream }) => stream.id));
    writer.key("patient");
    indexes(
      writer,
      rows.map(({ patient }) => patient),
    );
    for (const [texts, index, textOf] of [
      ["devices", "device", ({ deviceId }: Stream) => deviceId],
      ["signals", "signal", ({ signal }: Stream) => signal],
      ["units", "unit", ({ unit }: Stream) => unit],
    ] as const) {
      const places = new Map<string, number>();
      const column = rows.map(({ stream }) => {
        const text = textOf(stream);
        const place = places.get(text) ?? places.size;
        places.set(text, place);
        return place;
      });
      writer.key(texts);
      writer.value([...places.keys()]);
      writer.key(index);
      indexes(writer, column);
    }
  });
}

const indexes = (writer: ColumnWriter, column: readonly number[]) =>
  writer.wholes(column.every((index) => index < 256) ? Uint8Array.from(column) : Uint32Array.from(column));
