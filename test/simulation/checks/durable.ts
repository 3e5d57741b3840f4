import { noTurns } from "@openward/runtime/turns";
import { readSpoolFile } from "@openward/spool";
import { readBatch, replayJournal } from "../../../server/store/journal/index.ts";
import { createBlockPacking, type DataKeys } from "../../../server/store/keys/index.ts";
import { isRawBatch } from "../../../server/store/raw/format.ts";
import { createBlocks } from "../../../server/store/telemetry/blocks.ts";
import { zstd } from "../../../server/store/telemetry/compression.ts";
import type { Store } from "../database/store.ts";
import type { ModelDisk } from "../disk.ts";
import { isSure, type Oracle } from "../oracle.ts";
import type { World } from "../world.ts";
import { tell } from "./readings.ts";

const FOR_EVER = 8e15;
const quiet = { info() {}, warn() {}, error() {} };
type Reader = Parameters<typeof readBatch<string>>[1];

/**
 * What a process that starts now would find: everything acknowledged is in blocks, or in the journal from the watermark
 * on, or in the spool.
 */
export async function checkDurable(
  world: World,
  oracle: Oracle,
  { store, disk, keys }: { store: Store; disk: ModelDisk; keys: DataKeys },
): Promise<void> {
  const inBlocks = await readingsOfBlocks(world, store, keys);
  const recovered = new Set<string>();
  const passed = new Set<string>();
  const watermark = await store.rows.watermark();
  const { unreadable } = await replayJournal(
    store.rows,
    { from: 0, until: Number.POSITIVE_INFINITY },
    (position) =>
      reader(position < watermark ? passed : recovered) as Parameters<typeof replayJournal>[2] extends (
        at: number,
      ) => infer V
        ? V
        : never,
    keys,
    quiet,
  );
  if (unreadable > 0) world.break("stored", `${unreadable} rows of the journal cannot be read`);
  for (const file of disk.written())
    for (const batch of readSpoolFile(file).batches) if (!isRawBatch(batch)) readBatch(batch, reader(recovered), keys);
  for (const streamId of oracle.streamIds) {
    for (const said of oracle.between(streamId, 0, FOR_EVER)) {
      if (!isSure(said)) continue;
      const { associationId, time, value } = said.reading;
      const key = keyOf(streamId, associationId, time, value);
      if (inBlocks.has(key) || recovered.has(key)) continue;
      if (passed.has(key)) world.break("watermark", `${tell(said)} is in the journal before it and in no block`);
      else world.break("stored", `${tell(said)} is in no block, journal or spool`);
    }
  }
}

const keyOf = (streamId: string, associationId: string, time: number, value: number) =>
  `${streamId} ${associationId} ${time} ${value}`;

function reader(found: Set<string>): Reader {
  return {
    stream: (streamId, associationId) => `${streamId} ${associationId}`,
    reading: (stream, time, value) => void found.add(`${stream} ${time} ${value}`),
    waveform() {},
    entry() {},
  };
}

async function readingsOfBlocks(world: World, store: Store, keys: DataKeys): Promise<Set<string>> {
  const found = new Set<string>();
  const blocks = createBlocks(store.blocks, createBlockPacking(keys, zstd), quiet, noTurns);
  const streams = await store.blocks.streams();
  const numeric = streams.filter(({ kind }) => kind === "numeric").map(({ id }) => id);
  for (const { streamId, associationId, content } of await blocks.numericBetween(numeric, 0, FOR_EVER)) {
    const { times, values } = content.columns;
    for (let i = 0; i < times.length; i++)
      found.add(keyOf(streamId, associationId, times[i] as number, values[i] as number));
  }
  if (blocks.damaged > 0) world.break("stored", `${blocks.damaged} blocks cannot be read`);
  return found;
}
