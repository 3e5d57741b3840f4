import type { PatientView, Stream } from "@openward/model";
import type { Memory } from "./memory.ts";
import { streamsShown } from "./shown.ts";
import type { StreamMemory } from "./stream-memory.ts";

/** Newest readings of many streams as columns: those of the first patient's streams, then of the next one's. */
export interface Newest {
  /** `streams` is an array of this patient's own, the same while it says the same: what is made of it can be kept. */
  readonly patients: readonly { readonly patientId: string; readonly streams: readonly Stream[] }[];
  readonly times: Float64Array;
  /** In each stream's unit, as received. */
  readonly values: Float64Array;
  readonly receivedAt: Float64Array;
  /** Bits of QUALITY. */
  readonly quality: Uint8Array;
}

export function createNewest(memory: Pick<Memory, "ofPatient">) {
  // By the memory's own array of the patient's streams; it goes when that goes.
  const lists = new WeakMap<readonly StreamMemory[], readonly Stream[]>();

  return function newest(view: PatientView, patientIds: readonly string[]): Newest {
    const mine = patientIds
      .filter((id) => view.has(id))
      .map((id) => ({ patientId: id, all: streamsShown(memory, view, view.recordsOf(id)) }));
    const most = mine.reduce((sum, { all }) => sum + all.length, 0);
    const times = new Float64Array(most);
    const values = new Float64Array(most);
    const receivedAt = new Float64Array(most);
    const quality = new Uint8Array(most);
    let at = 0;
    const patients = mine.map(({ patientId, all }) => {
      const first = at;
      for (const { numeric } of all) {
        const reading = numeric?.newest;
        if (!reading) continue;
        times[at] = reading.time;
        values[at] = reading.value;
        receivedAt[at] = reading.receivedAt;
        quality[at++] = reading.quality;
      }
      const known = lists.get(all);
      // Of a ward's thousand streams each look at another object is felt: where all have a reading none was left out.
      if (known?.length === at - first && (known.length === all.length || isThose(known, all)))
        return { patientId, streams: known };
      const streams = withReading(all);
      lists.set(all, streams);
      return { patientId, streams };
    });
    return {
      patients,
      times: times.subarray(0, at),
      values: values.subarray(0, at),
      receivedAt: receivedAt.subarray(0, at),
      quality: quality.subarray(0, at),
    };
  };
}

const withReading = (all: readonly StreamMemory[]): readonly Stream[] =>
  all.filter(({ numeric }) => numeric?.newest).map(({ stream }) => stream);

const isThose = (known: readonly Stream[], all: readonly StreamMemory[]): boolean =>
  withReading(all).every((stream, i) => stream === known[i]);
