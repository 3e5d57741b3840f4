import { systemRuntime } from "@openward/runtime/system";
import { createTurns } from "@openward/runtime/turns";
import { readConfig } from "../../server/config.ts";
import { openFoundation } from "../../server/foundation.ts";
import { createLog } from "../../server/log.ts";
import { openStore } from "../../server/open-store.ts";

/**
 * Finished days are put together and their distributions made, which a server does an hour after the last of a day has come.
 *
 * @param dataDir of a server that is stopped
 */
export async function finishDays(dataDir: string): Promise<void> {
  const runtime = systemRuntime;
  const log = createLog("error");
  const config = readConfig({ OPENWARD_DATA_DIR: dataDir });
  const foundation = await openFoundation({ config, mode: "serve", runtime, log });
  const { keys } = foundation;
  if (!keys) throw new Error("a server has keys");
  const store = await openStore({ config, foundation, keys, runtime, turn: createTurns(runtime), log });
  await store.telemetry.whole();
  // Days are put together an hour after they are sealed: done sooner, the next start would take them for new.
  await store.telemetry.makeStatistics();
  await store.close();
  await foundation.close();
}
