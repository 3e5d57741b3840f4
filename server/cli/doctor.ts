import { existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { arch, cpus, freemem, platform, totalmem } from "node:os";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { type Config, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { ensureDataDirectory, lockHolder, openDatabase } from "../store/database/index.ts";
import { EXIT, print } from "./output.ts";

interface Finding {
  readonly check: string;
  readonly verdict: "ok" | "warning" | "failed";
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

const LEAST_DISK_BYTES = 2 * 2 ** 30;
const LEAST_MEMORY_BYTES = 2 * 2 ** 30;

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("look at the machine, the settings, the ports, the data directory, the database and the clock")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const findings = await examine();
      const isWell = findings.every((finding) => finding.verdict !== "failed");
      print(
        options.json ?? false,
        { ok: isWell, findings },
        findings.map(
          ({ check, verdict, detail, advice }) =>
            `${verdict.padEnd(8)} ${check.padEnd(16)} ${detail}${advice ? `\n${" ".repeat(26)}${advice}` : ""}`,
        ),
      );
      process.exitCode = isWell ? EXIT.done : EXIT.failed;
    });
}

async function examine(): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    return [
      { check: "settings", verdict: "failed", detail: (error as Error).message, advice: "mend or remove the setting" },
    ];
  }
  const isServing = lockHolder(config.dataDir)?.mode === "serve";
  return [
    { check: "settings", verdict: "ok", detail: "every OPENWARD_ name is known" },
    machine(),
    ...(await ports(config, isServing)),
    ...dataDirectory(config),
    ...(config.databaseUrl || existsSync(config.dataDir) ? await database(config) : []),
  ];
}

function machine(): Finding {
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory, ${(freemem() / 2 ** 30).toFixed(1)} free`;
  const detail = `${platform()} ${arch()}, ${cpus().length} cores, ${memory}, Node ${process.version}`;
  return freemem() < LEAST_MEMORY_BYTES
    ? { check: "machine", verdict: "warning", detail, advice: "less than 2 GiB of memory is free" }
    : { check: "machine", verdict: "ok", detail };
}

async function ports(config: Config, isServing: boolean): Promise<Finding[]> {
  const wanted = [
    { check: "HTTP port", port: config.httpPort, setting: "OPENWARD_HTTP_PORT" },
    { check: "MQTT port", port: config.mqttPort, setting: "OPENWARD_MQTT_PORT" },
  ];
  return Promise.all(
    wanted.map(async ({ check, port, setting }): Promise<Finding> => {
      if (port === 0) return { check, verdict: "ok", detail: "a free one is picked" };
      if (await isFree(port, config.bind)) return { check, verdict: "ok", detail: `${port} is free` };
      if (isServing)
        return { check, verdict: "ok", detail: `${port} is in use, and Openward runs on this data directory` };
      return {
        check,
        verdict: "failed",
        detail: `${port} is in use by another program`,
        advice: `choose another with ${setting}`,
      };
    }),
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

function dataDirectory({ dataDir }: Config): Finding[] {
  const check = "data directory";
  // Looked at, not made.
  if (!existsSync(dataDir))
    return [{ check, verdict: "ok", detail: `${dataDir} is not there yet; the first start makes it` }];
  try {
    ensureDataDirectory(dataDir);
    const { bavail, bsize } = statfsSync(dataDir);
    const free = bavail * bsize;
    const detail = `${dataDir} can be written, ${(free / 2 ** 30).toFixed(1)} GiB free`;
    return free < LEAST_DISK_BYTES
      ? [{ check, verdict: "warning", detail, advice: "make room: below 2 GiB a busy ward fills it within days" }]
      : [{ check, verdict: "ok", detail }];
  } catch (error) {
    return [
      { check, verdict: "failed", detail: (error as Error).message, advice: "choose another with OPENWARD_DATA_DIR" },
    ];
  }
}

async function database(config: Config): Promise<Finding[]> {
  try {
    const database = await openDatabase({
      dataDir: config.dataDir,
      url: config.databaseUrl,
      mode: "command",
      runtime: systemRuntime,
      log: createLog("silent"),
      allowUndurable: true,
    });
    try {
      return [version(database), durability(database), await clocks(database)];
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof OutsideTrouble) && !(error instanceof RefusedInput)) throw error;
    return [{ check: "database", verdict: "failed", detail: error.message, advice: "see docs/guides/operations.md" }];
  }
}

type Opened = Awaited<ReturnType<typeof openDatabase>>;

function version({ durability }: Opened): Finding {
  return { check: "database", verdict: "ok", detail: `PostgreSQL ${durability.version}, schema up to date` };
}

function durability({ durability: { fsync, fullPageWrites, synchronousCommit } }: Opened): Finding {
  const check = "durability";
  const settings = { fsync, full_page_writes: fullPageWrites, synchronous_commit: synchronousCommit };
  const off = Object.entries(settings).flatMap(([name, value]) => (value === "off" ? [name] : []));
  if (off.length === 0) return { check, verdict: "ok", detail: "the database flushes to disk before it confirms" };
  return {
    check,
    verdict: "failed",
    detail: `${off.join(", ")} is off: what is acknowledged could be lost`,
    advice: "turn it on; Openward does not start without",
  };
}

async function clocks({ owner }: Opened): Promise<Finding> {
  const before = Date.now();
  const { rows } = await owner.query<{ now: number }>("SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now");
  const offset = Math.round(Number(rows[0]?.now) - (before + Date.now()) / 2);
  const check = "clock";
  if (new Date(before).getUTCFullYear() < 2026) {
    return {
      check,
      verdict: "failed",
      detail: `this machine says ${new Date(before).toISOString()}`,
      advice: "set the clock; readings would be quarantined",
    };
  }
  return Math.abs(offset) > 1000
    ? {
        check,
        verdict: "warning",
        detail: `the database's clock differs by ${offset} ms`,
        advice: "let NTP run on both machines",
      }
    : {
        check,
        verdict: "ok",
        detail: `${new Date(before).toISOString()}, the database agrees within ${Math.abs(offset)} ms`,
      };
}
