import type { JournalEntry, Stream } from "@openward/model";
import { TailMemory } from "@openward/timeseries";
import { RecentDeliveries } from "./recent-deliveries.ts";
import { StreamMemory } from "./stream-memory.ts";

/** Everything of this process that is read without the database, keyed by patient. */
export interface Memory {
  readonly streams: ReadonlyMap<string, StreamMemory>;
  readonly deliveries: RecentDeliveries;
  /** What the tails take, and may take. */
  readonly tails: TailMemory;
  /** Everything in the journal up to here is in the tails. */
  position: number;
  ofPatient(patientId: string): readonly StreamMemory[];
  /** Nothing of these patients is taken up. */
  isErased(patientId: string): boolean;
  /** @param completeFrom from when on nothing can be in blocks alone; -Infinity for a stream that is new */
  open(stream: Stream, completeFrom?: number): StreamMemory;
  /** The stream stands in the journal. */
  isKnown(streamId: string): boolean;
  know(stream: Stream): StreamMemory;
  committed(entries: readonly JournalEntry[], first: number, last: number): void;
  /** Called whenever something was taken up. */
  onCommitted: () => void;
  /** @returns the ids of the patient's streams, none of which is known any more */
  forget(patientId: string): readonly string[];
}

/**
 * @param tails the memory of all tails
 * @param isErased nothing of these patients is taken up, whatever was under way
 */
export function createMemory(
  now: () => number,
  isErased: (patientId: string) => boolean,
  tails: TailMemory = new TailMemory(),
): Memory {
  const streams = new Map<string, StreamMemory>();
  const byPatient = new Map<string, StreamMemory[]>();
  const known = new Set<string>();
  const deliveries = new RecentDeliveries();

  const memory: Memory = {
    streams,
    deliveries,
    tails,
    position: 0,
    onCommitted() {},
    isErased,
    ofPatient: (patientId) => byPatient.get(patientId) ?? [],
    open(stream, completeFrom = Number.NEGATIVE_INFINITY) {
      const open = streams.get(stream.id);
      if (open) return open;
      const opened = new StreamMemory(stream, completeFrom, tails);
      streams.set(stream.id, opened);
      const others = byPatient.get(stream.patientId);
      if (others) others.push(opened);
      else byPatient.set(stream.patientId, [opened]);
      return opened;
    },
    isKnown: (streamId) => known.has(streamId),
    know(stream) {
      known.add(stream.id);
      return memory.open(stream);
    },
    committed(entries, first, last) {
      for (const entry of entries) {
        switch (entry.kind) {
          case "readings":
            if (!isErased(entry.readings.stream.patientId))
              memory.open(entry.readings.stream).addReadings(entry.readings, first);
            break;
          case "waveform":
            if (!isErased(entry.waveform.stream.patientId))
              memory.open(entry.waveform.stream).addWaveform(entry.waveform, first);
            break;
          case "stream":
            if (!isErased(entry.stream.patientId)) memory.know(entry.stream);
            break;
          case "delivery":
            deliveries.add(entry.delivery, now());
            break;
          default:
        }
      }
      memory.position = last;
      memory.onCommitted();
    },
    forget(patientId) {
      const ids = memory.ofPatient(patientId).map(({ stream }) => stream.id);
      byPatient.delete(patientId);
      for (const id of ids) {
        streams.get(id)?.close();
        streams.delete(id);
        known.delete(id);
      }
      return ids;
    },
  };
  return memory;
}
