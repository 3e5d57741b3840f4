import type { PatientView } from "@openward/model";
import { isHidden } from "@openward/signals/categories";
import type { Memory } from "./memory.ts";
import type { StreamMemory } from "./stream-memory.ts";

/**
 * Streams of these records that the view shows. Of one record of which nothing is hidden it is the memory's own array;
 * else it is made anew each time.
 */
export function streamsShown(
  memory: Pick<Memory, "ofPatient">,
  view: Pick<PatientView, "hiddenOf">,
  records: readonly string[],
): readonly StreamMemory[] {
  const ofRecord = (id: string): readonly StreamMemory[] => {
    const all = memory.ofPatient(id);
    return view.hiddenOf(id) ? all.filter(({ stream }) => !isHidden(view, id, stream.signal)) : all;
  };
  return records.length === 1 ? ofRecord(records[0] as string) : records.flatMap(ofRecord);
}
