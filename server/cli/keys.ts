import { resolve } from "node:path";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { type Config, readConfig } from "../config.ts";
import {
  backUpKeyStore,
  changeMaster,
  commandKms,
  environmentKms,
  fileKms,
  type KeyStoreReport,
  type Kms,
  kmsOf,
  verifyKeyStore,
} from "../store/keys/index.ts";
import { EXIT, print } from "./output.ts";

export function addKeysCommands(program: Command): void {
  const keys = program.command("keys").description("the keys under which what was measured is encrypted");
  keys
    .command("backup <folder>")
    .description("copy the key store, without the master key, into a new folder there, and verify the copy")
    .option("--json", "print one JSON object")
    .action(async (into: string, options: { json?: boolean }) => {
      const config = readConfig(process.env);
      const folder = backUpKeyStore(config.keyDir, into, systemRuntime.clock.now());
      tellOf(await verify(folder, config), { folder, isJson: options.json ?? false });
    });
  keys
    .command("verify [folder]")
    .description("is the key store, or a copy of it, sound? Every key is opened")
    .option("--json", "print one JSON object")
    .action(async (folder: string | undefined, options: { json?: boolean }) => {
      const config = readConfig(process.env);
      const place = folder ?? config.keyDir;
      tellOf(await verify(place, config), { folder: place, isJson: options.json ?? false });
    });
  keys
    .command("change-master")
    .description("put the key store under another master key; today's is where the settings say. The server may run")
    .option("--to-file <path>", "a file of 32 bytes in base64; made where there is none")
    .option("--to-variable <name>", "the variable of the environment that holds 32 bytes in base64")
    .option("--to-command <program>", "a program as in OPENWARD_MASTER_KEY_COMMAND")
    .option("--json", "print one JSON object")
    .action(async (options: { toFile?: string; toVariable?: string; toCommand?: string; json?: boolean }) => {
      const config = readConfig(process.env);
      const { kms, setting } = newMaster(options);
      await changeMaster(config.keyDir, kmsOf(config, systemRuntime)(false), kms());
      const report = await verifyKeyStore(config.keyDir, kms());
      print(options.json ?? false, { ok: true, folder: config.keyDir, setting, ...report }, [
        `${config.keyDir} is under the new master key; ${report.live} keys open under it`,
        `Set ${setting} before the next start, and take away what was set before.`,
        "Copies of the key store that were made before need the old master key: keep it until they are gone.",
      ]);
    });
}

function newMaster(to: { toFile?: string; toVariable?: string; toCommand?: string }): {
  kms: () => Kms;
  /** As it is to be from now on. */
  setting: string;
} {
  const { random } = systemRuntime;
  if ([to.toFile, to.toVariable, to.toCommand].filter((place) => place !== undefined).length !== 1) {
    const at = "--to-file, --to-variable, --to-command";
    throw new RefusedInput("FIELD_INVALID", { at, expected: "one of them" });
  }
  if (to.toCommand !== undefined) {
    const program = to.toCommand;
    return { kms: () => commandKms(program), setting: `OPENWARD_MASTER_KEY_COMMAND=${program}` };
  }
  if (to.toVariable !== undefined) {
    const text = process.env[to.toVariable] ?? "";
    return { kms: () => environmentKms(text, random), setting: `OPENWARD_MASTER_KEY to what ${to.toVariable} is` };
  }
  const path = resolve(to.toFile ?? "");
  return { kms: () => fileKms(path, true, random), setting: `OPENWARD_MASTER_KEY_FILE=${path}` };
}

/** Where the master key is not at hand, as on a machine that only keeps backups, the checksums say what they can. */
async function verify(folder: string, config: Config): Promise<KeyStoreReport> {
  try {
    return await verifyKeyStore(folder, kmsOf(config, systemRuntime)(false));
  } catch (error) {
    if (error instanceof OutsideTrouble && error.code === "KEY_MASTER_MISSING") return verifyKeyStore(folder, null);
    throw error;
  }
}

function tellOf(report: KeyStoreReport, { folder, isJson }: { folder: string; isJson: boolean }): void {
  const isSound = report.damaged.length === 0 && report.damagedLines === 0;
  print(isJson, { ok: isSound, folder, ...report }, [
    `${folder}: ${report.live} keys, ${report.destroyed} destroyed, ${report.erasures} erasures in the ledger`,
    report.isOpened ? "every key opens under the master key" : "the master key is not here: checksums only",
    ...(report.damaged.length > 0 ? [`DAMAGED keys: ${report.damaged.join(", ")}; restore the newest backup`] : []),
    ...(report.damagedLines > 0 ? [`DAMAGED lines of the ledger: ${report.damagedLines}`] : []),
  ]);
  process.exitCode = isSound ? EXIT.done : EXIT.failed;
}
