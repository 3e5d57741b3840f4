import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import packageJson from "../package.json" with { type: "json" };
import { referredFiles } from "../store/archive/index.ts";
import { makeBackup, prunable, readPlace, removeBackup, verifyPlace } from "../store/backup/index.ts";
import { openDatabase } from "../store/database/index.ts";
import { EXIT, print } from "./output.ts";

interface Options {
  full?: boolean;
  fullEvery: string;
  speed: string;
  json?: boolean;
}

const DAY_MS = 86_400_000;

export function addBackupCommands(program: Command): void {
  const backup = program
    .command("backup <folder>")
    .description("back the database up into a new folder there, while the server runs or not; keys: `keys backup`")
    .option("--full", "everything, not only what is new since the last one there")
    .option("--full-every <days>", "everything again when the last full one is that old", "7")
    .option("--speed <MB>", "megabytes to read in a second at most, so that acks do not wait; 0: no limit", "40")
    .option("--json", "print one JSON object")
    .action(make);
  backup
    .command("verify <folder>")
    .description("read every file of every backup there, and see that each chain is whole")
    .option("--json", "print one JSON object")
    .action(verify);
  backup
    .command("prune <folder>")
    .description("remove backups that are older, and that no younger one rests on; the newest always stays")
    .requiredOption("--older-than <days>", "age in days")
    .option("--json", "print one JSON object")
    .action(prune);
}

async function make(place: string, options: Options): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog("warn");
  const database = await openDatabase({
    dataDir: config.dataDir,
    url: config.databaseUrl,
    mode: "command",
    runtime: systemRuntime,
    log: createLog("silent"),
    allowUndurable: true,
  });
  try {
    const report = await makeBackup({
      connection: database.ownerConfig,
      place,
      spoolFolder: join(config.dataDir, "spool"),
      runtime: systemRuntime,
      log,
      version: packageJson.version,
      listArchive: referredFiles,
      isFull: options.full ?? false,
      fullEveryMs: days(options.fullEvery, "--full-every") * DAY_MS,
      bytesPerSecond: number(options.speed, "--speed") * 1_000_000,
    });
    const { folder, kind, fullBecause, rows, bytes, tookMs } = report;
    print(options.json ?? false, { ok: true, ...report }, [
      `${folder}: ${kind}${fullBecause ? ` (${fullBecause})` : ""}, ${rows} rows, ${bytes} bytes, ${tookMs} ms`,
      "The keys are not in it: `openward keys backup`, to another place.",
    ]);
  } finally {
    await database.close();
  }
}

async function verify(place: string, options: { json?: boolean }): Promise<void> {
  const { sound, unusable } = await verifyPlace(place);
  const isSound = unusable.length === 0 && sound.length > 0;
  print(options.json ?? false, { ok: isSound, sound, unusable }, [
    ...sound.map(({ name, bytes }) => `sound     ${name}, ${bytes} bytes`),
    ...unusable.map(({ name, reason }) => `UNUSABLE  ${name}: ${reason}`),
    ...(sound.length === 0 ? ["there is no backup that could be restored"] : []),
  ]);
  process.exitCode = isSound ? EXIT.done : EXIT.failed;
}

async function prune(place: string, options: { olderThan: string; json?: boolean }): Promise<void> {
  const before = systemRuntime.clock.now() - days(options.olderThan, "--older-than") * DAY_MS;
  const { backups } = readPlace(place);
  const removed = prunable(backups, before);
  for (const backup of removed) await removeBackup(backup);
  const names = removed.map(({ name }) => name);
  print(options.json ?? false, { ok: true, removed: names, kept: backups.length - removed.length }, [
    ...names.map((name) => `removed ${name}`),
    `${backups.length - removed.length} backups are kept`,
  ]);
}

const days = (text: string, at: string) => number(text, at, "a number of days");

function number(text: string, at: string, expected = "a number, 0 or more"): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new RefusedInput("FIELD_INVALID", { at, expected, received: text });
  return value;
}
