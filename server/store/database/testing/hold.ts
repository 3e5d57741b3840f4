/** A process that opens the database of a data directory and holds it until it is killed: what a server does. */
import { systemRuntime } from "@openward/runtime/system";
import { openDatabase } from "../index.ts";
import { quietLog } from "./database.ts";

const [dataDir = ""] = process.argv.slice(2);
try {
  const database = await openDatabase({
    dataDir,
    runtime: systemRuntime,
    log: quietLog,
    settings: { shared_buffers: "64MB" },
  });
  await database.worker.query("SELECT 1");
  // A commit that is still under way when we are killed.
  database.owner.query("BEGIN; CREATE TABLE left_behind (); SELECT pg_sleep(600); COMMIT").catch(() => {});
  process.stdout.write(
    `${JSON.stringify({ postgres: database.embedded?.pid(), reused: database.embedded?.wasRunning })}\n`,
  );
  setInterval(() => {}, 1_000);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ code: (error as { code?: string }).code, message: (error as Error).message })}\n`,
  );
  process.exitCode = 1;
}
