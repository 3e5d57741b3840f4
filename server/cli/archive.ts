import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { archiveAddress, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { openArchive, openObjectStore } from "../store/archive/index.ts";
import { EXIT, print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

/** The archive as a command reads it, beside a server that may be moving blocks at the same time. */
export async function archiveToRead({ database }: Pick<Registry, "database">) {
  const config = readConfig(process.env);
  return openArchive({
    runtime: systemRuntime,
    worker: database.worker,
    store: (isNew) => openObjectStore(archiveAddress(config), isNew),
    // Any block may be in the archive, whatever the server was told.
    retention: { hotDays: { numeric: 1, waveform: 1 }, keepDays: { numeric: 0, waveform: 0 } },
    cacheBytes: 0,
    log: createLog("silent"),
  });
}

export function addArchiveCommands(program: Command): void {
  const archive = program.command("archive").description("blocks on object storage");
  archive
    .command("verify")
    .description("read every file of the archive and compare it with what was written; list objects that are nobody's")
    .option("--organisation <name>", "any of them where there are several: the archive is read whole")
    .option("--json", "print one JSON object: files, bytes, damaged, unknown")
    .action(verify);
}

async function verify(options: { organisation?: string; json?: boolean }): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const archive = await archiveToRead(registry);
    try {
      const { files, unknown } = await archive.verify();
      const damaged = files.filter((file) => file.fault !== undefined).map(({ key, fault }) => ({ key, fault }));
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      print(options.json ?? false, { files: files.length, bytes, damaged, unknown }, [
        `${files.length} files, ${bytes} bytes, ${damaged.length} damaged`,
        ...damaged.map(({ key, fault }) => `damaged: ${key}: ${fault}`),
        ...unknown.map((key) => `nobody's (not removed; it may be another database's): ${key}`),
      ]);
      if (damaged.length > 0) process.exitCode = EXIT.failed;
    } finally {
      await archive.close();
    }
  });
}
