// A process that archives and is killed at one of its steps: killed.ts FOLDER NOW STEP, the connection in CONNECTION.
import { systemRuntime } from "@openward/runtime/system";
import { clientConfig, createPool } from "../../database/connection.ts";
import { quietLog } from "../../database/testing/database.ts";
import { openArchive } from "../archive.ts";
import { directoryStore } from "../directory-store.ts";
import { interrupted, tornPut } from "./interrupt.ts";
import { KILL_RETENTION } from "./ward.ts";

const [folder = "", now = "0", at = ""] = process.argv.slice(2);
const kill = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
};
let steps = 0;
const login = JSON.parse(process.env.CONNECTION ?? "{}");
const worker = createPool(clientConfig(login, "worker"), 2, () => {});
const plain = directoryStore(folder, true);
const { pool, store } = interrupted(worker, at === "torn" ? tornPut(folder, plain, kill) : plain, (_step, when) => {
  if (when === "before" && ++steps === Number(at)) kill();
});
const archive = await openArchive({
  runtime: { ...systemRuntime, clock: { ...systemRuntime.clock, now: () => Number(now) } },
  worker: pool,
  store: async () => store,
  retention: KILL_RETENTION,
  cacheBytes: 0,
  log: quietLog,
});
await archive.run({ everything: true });
await archive.close();
await worker.end();
console.log(JSON.stringify({ steps }));
