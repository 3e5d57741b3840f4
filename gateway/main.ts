import { systemRuntime } from "@openward/runtime/system";
import { createLog } from "../server/log.ts";
import { type RunningGateway, startGateway } from "./gateway.ts";
import { readSettings } from "./settings.ts";

/** Reads the settings, starts, and stops when it is told to. A line of JSON on standard output says that it is ready. */
export async function main(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const settings = readSettings(env);
  const log = createLog(settings.logLevel);
  // Before it is ready nobody is to end it by one of these.
  let gateway: RunningGateway | undefined;
  // Somebody is there: a button beside the loudspeaker sends it.
  process.on("SIGUSR2", () => gateway?.pauseAudio());
  process.on("SIGHUP", () => gateway?.reload());
  const running = await startGateway({
    settings,
    runtime: systemRuntime,
    log,
    bell: () => void process.stdout.write("\x07"),
  });
  gateway = running;
  const { mqttPort, mllpPort } = running;
  process.stdout.write(`${JSON.stringify({ id: settings.id, mqttPort, mllpPort, dataDir: settings.dataDir })}\n`);
  let isStopping = false;
  const stop = async () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    await running.stop();
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
