import { statfs } from "node:fs/promises";
import type { StorageState } from "@openward/api";
import type { Ground } from "./ground.ts";
import { keepHouse } from "./housekeeping.ts";
import { streamId } from "./ingest/ids.ts";
import { openStore } from "./open-store.ts";
import { createScreened } from "./screened.ts";
import { openAmendments } from "./store/amendments/index.ts";
import { watchFaults } from "./store/inspection/index.ts";
import type { JournalState } from "./store/journal/index.ts";
import { createTables } from "./store/registry/index.ts";
import { type SpaceState, watchSpace } from "./store/space/index.ts";

/** The store, what keeps it, and what people said of what lies in it. */
export type Storage = Awaited<ReturnType<typeof openStorage>>;

/** @throws the database's errors */
export async function openStorage({ config, runtime, log, foundation, keys, turn, report, onStop }: Ground) {
  const { database } = foundation;
  const { worker } = database;
  const store = await openStore({ config, foundation, keys, runtime, turn, log });
  const { archive, telemetry, journal, spoolFolder } = store;
  onStop(() => store.close());
  if (config.housekeepingMs > 0) {
    const { compact } = telemetry;
    const seal = async (due: { readonly everything: boolean }) => telemetry.isWhole && telemetry.seal(due);
    const house = keepHouse({
      everyMs: config.housekeepingMs,
      timers: runtime.timers,
      telemetry: { seal, compact },
      archive,
      report,
    });
    onStop(() => house.stop());
  }

  const space = await watchSpace({
    places: [
      { name: "data directory", folder: config.dataDir },
      { name: "spool", folder: spoolFolder },
    ],
    freeOf: freeBytesOf,
    warnBytes: config.diskWarnMegabytes * 1_000_000,
    floorBytes: config.diskFloorMegabytes * 1_000_000,
    timers: runtime.timers,
    log,
  });
  onStop(() => space.stop());
  const faults = await watchFaults(worker, runtime.timers, report);
  onStop(faults.stop);
  const storage = () => storageState(journal.state, space.state, faults.count(), telemetry.isWhole);

  // From here on nobody reads what was measured but through what people said of it since.
  const tables = createTables(database, runtime.clock);
  const amendments = await openAmendments({ runtime, tables, keys, received: telemetry, streamIdOf: streamId, log });
  store.onCommitted((entries) => amendments.committed(entries));
  telemetry.settled.then(() => amendments.settle()).catch((error: unknown) => report(error, "amending"));
  const screened = createScreened(amendments);
  return { store, space, faults, storage, tables, amendments, screened };
}

/** What must be known on every screen: the worst of what is so. */
function storageState(journal: JournalState, disk: SpaceState, faults: number, isWhole: boolean): StorageState {
  if (journal === "failed") return "failed";
  if (disk === "full") return "full";
  if (journal === "spooling") return "spooling";
  if (!isWhole) return "recovering";
  return disk === "ok" && faults > 0 ? "damaged" : disk;
}

/** What a user who is not root may still write. */
async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
