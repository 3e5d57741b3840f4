import type { Overlaid } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { readingId } from "../observation-id.ts";
import type { Reading } from "../ports.ts";
import { reachOfTexts } from "../write/reach.ts";
import { isReached } from "../written/reach.ts";

/** Over which readings there is a text that who asks may read: those are told as they were written. */
export interface Covering {
  /** From memory: nothing has to be looked up for these streams. */
  isBare(streamIds: readonly string[]): boolean;
  /** @param from of the readings that are asked for, with `to`: ms UTC */
  over(
    patientId: string,
    asked: {
      readonly ids: readonly string[];
      readonly streamIds: readonly string[];
      readonly from: number;
      readonly to: number;
    },
  ): Promise<Overlaid>;
}

const NOTHING: Covering = {
  isBare: () => true,
  over: async () => ({ ids: new Set(), places: [] }),
};

/** Of who may read no text nothing is covered: they see what was measured. */
export function coveringOf(context: RecordContext): Covering {
  const { written, view } = context;
  const reach = written && reachOfTexts(context, "s");
  if (!written || !reach || reach.whose.isWithoutPatients) return NOTHING;
  const { overlays } = written;
  const { whose, conditions } = reach;
  return {
    isBare: (streamIds) => streamIds.every((id) => overlays.isBare(id)),
    async over(patientId, asked) {
      const streamIds = asked.streamIds.filter((id) => !overlays.isBare(id));
      if (streamIds.length === 0 || !isReached(view, whose, [patientId])) return NOTHING.over(patientId, asked);
      return overlays.over(view.principal, { ...asked, patientId, streamIds }, whose, conditions);
    },
  };
}

/** Is this reading among them? */
export function isCovered({ ids, places }: Overlaid, { stream, time, ordinal }: Reading): boolean {
  if (ids.has(readingId(stream.id, time, ordinal))) return true;
  return places.some((place) => place.streamId === stream.id && place.from === time && place.ordinal === ordinal);
}

/** Which of some readings are covered, in their order. */
export async function coveredOf(covering: Covering, readings: readonly Reading[]): Promise<readonly boolean[]> {
  const first = readings[0];
  if (!first) return [];
  const streamIds = [...new Set(readings.map(({ stream }) => stream.id))];
  if (covering.isBare(streamIds)) return readings.map(() => false);
  const times = readings.map(({ time }) => time);
  const patients = [...new Set(readings.map(({ stream }) => stream.patientId))];
  const all: boolean[] = readings.map(() => false);
  for (const patientId of patients) {
    const overlaid = await covering.over(patientId, {
      ids: readings.map(({ stream, time, ordinal }) => readingId(stream.id, time, ordinal)),
      streamIds,
      from: Math.min(...times),
      to: Math.max(...times) + 1,
    });
    for (const [i, reading] of readings.entries())
      if (reading.stream.patientId === patientId && isCovered(overlaid, reading)) all[i] = true;
  }
  return all;
}
