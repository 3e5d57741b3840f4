import { readSpoolFile } from "@openward/spool";
import { readBatchHeader } from "../../server/store/journal/batch.ts";
import { isRawBatch } from "../../server/store/raw/format.ts";
import type { ModelDisk } from "./disk.ts";

// The bytes of a flush are never changed, the next one has its own.
const known = new WeakMap<Uint8Array, ReadonlySet<number>>();

/** Would a start after the loss of power find this place of the journal in the spool? */
export function spoolHolds(disk: ModelDisk, position: number): boolean {
  return disk.flushed().some((file) => {
    let positions = known.get(file);
    if (!positions) {
      positions = new Set(
        readSpoolFile(file)
          .batches.filter((batch) => !isRawBatch(batch))
          .map((batch) => readBatchHeader(batch).position),
      );
      known.set(file, positions);
    }
    return positions.has(position);
  });
}
