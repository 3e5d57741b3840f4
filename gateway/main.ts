import { systemRuntime } from "@openward/runtime/system";
import { createLog } from "../server/log.ts";
import { startGateway } from "./gateway.ts";
import { readSettings } from "./settings.ts";

/** Reads the settings, starts, and stops when it is told to. A line of JSON on standard output says that it is ready. */
export async function main(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const settings = readSettings(env);
  const log = createLog(settings.logLevel);
  const gateway = await startGateway({
    settings,
    runtime: systemRuntime,
    log,
    bell: () => void process.stdout.write("\x07"),
  });
  const { mqttPort, mllpPort } = gateway;
  process.stdout.write(`${JSON.stringify({ id: settings.id, mqttPort, mllpPort, dataDir: settings.dataDir })}\n`);
  // Somebody is there: a button beside the loudspeaker sends it.
  process.on("SIGUSR2", () => gateway.pauseAudio());
  process.on("SIGHUP", () => gateway.reload());
  let isStopping = false;
  const stop = async () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    await gateway.stop();
    process.exit(0);
  };
  process.on("SIGINT", () => void stop());
  process.on("SIGTERM", () => void stop());
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`openward gateway: ${(error as Error).message}\n`);
    process.exit((error as { name?: string }).name === "RefusedInput" ? 2 : 1);
  });
}
