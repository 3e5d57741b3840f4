import { flushCompileCache } from "node:module";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { ROOT_DATA_DIR, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { fail, print, tell } from "./output.ts";
import { keepYoungObjectsYoung } from "./young-objects.ts";

interface Options {
  newLinks?: boolean;
  json?: boolean;
}

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("run Openward")
    .option("--new-links", "print new one-time sign-in links, also for people who have signed in before")
    .option("--json", "print one JSON object when it is ready")
    .action((options: Options) => serve(options, false));
}

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("run Openward with an invented ward, marked DEMO on every screen")
    .option("--new-links", "print new one-time sign-in links, also for people who have signed in before")
    .option("--json", "print one JSON object when it is ready")
    .action((options: Options) => serve(options, true));
}

async function serve(options: Options, isDemo: boolean): Promise<void> {
  const isJson = options.json ?? false;
  const config = readConfig(process.env);
  if (config.dataDir === ROOT_DATA_DIR && !process.env.OPENWARD_DATA_DIR && !isJson) {
    tell(`openward: this folder is out of the database user's reach; the data is in ${ROOT_DATA_DIR}`);
  }
  const log = createLog(config.logLevel);
  const { startServer } = await import("../main.ts");
  const server = await startServer({
    config,
    isDemo,
    newLinks: options.newLinks ?? false,
    runtime: systemRuntime,
    log,
    progress: (text) => !isJson && tell(`openward: ${text}`),
    onSuperseded: (error) => process.exit(fail(error, isJson)),
  }).catch((error: unknown) => {
    // Whatever half a start has left open does not keep the process.
    process.exit(fail(error, isJson));
  });
  const { url, httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, links } = server;
  print(
    isJson,
    { url, httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, links, dataDir: config.dataDir },
    [
      "",
      `  Openward is at ${url}    MQTT on port ${mqttPort}`,
      ...(httpsPort === null && mqttsPort === null
        ? []
        : [`  over TLS: HTTPS ${httpsPort ?? "off"}, MQTT ${mqttsPort ?? "off"}`]),
      ...(mllpPort === null && mllpsPort === null
        ? []
        : [`  HL7 v2 over MLLP: ${mllpPort ?? "off"}, with TLS ${mllpsPort ?? "off"}`]),
      "",
      ...Object.entries(links).map(([role, link]) => `  sign in as ${role.padEnd(18)} ${link}`),
      ...signInAdvice(links, isDemo),
      ...(isDemo ? ["  DEMO: every patient is invented. Not for real patients.", ""] : []),
      "  Stop with Ctrl-C.",
    ],
  );

  // Where compiled modules are kept (NODE_COMPILE_CACHE), for the next start: a server that is killed writes nothing later.
  flushCompileCache();
  keepYoungObjectsYoung();
  let isStopping = false;
  const stop = async () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    if (!isJson) tell("openward: stopping ...");
    try {
      await server.stop();
      process.exit(0);
    } catch (error) {
      process.exit(fail(error, false));
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop());
  // Our own bug somewhere: better a clean restart than a ward in an unknown state. What was acknowledged is on disk.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "ends after an unexpected error");
    process.exit(70);
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "ends after an unexpected error");
    process.exit(70);
  });
}

function signInAdvice(links: Readonly<Record<string, string>>, isDemo: boolean): string[] {
  const again = isDemo ? "npm start -- --new-links" : "npx openward serve --new-links";
  return Object.keys(links).length > 0
    ? ["", `  Each link works once, within a day. New ones: ${again}`, ""]
    : [`  To sign in again, stop it and use: ${again}`, ""];
}
