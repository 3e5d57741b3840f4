import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { type Config, readConfig } from "../config.ts";
import { backUpKeyStore, type KeyStoreReport, kmsOf, verifyKeyStore } from "../store/keys/index.ts";
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
