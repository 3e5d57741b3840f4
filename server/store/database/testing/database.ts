import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRuntime } from "@openward/runtime/system";
import { type DatabaseOptions, type OpenedDatabase, openDatabase } from "../index.ts";
import { preparedDataDir } from "./prepared.ts";

export const quietLog = { info: () => {}, warn: () => {}, error: () => {} };

/** A data directory that is removed with the test's end, by whoever asked for it. */
export const temporaryDataDir = (): string => mkdtempSync(join(tmpdir(), "openward-test-"));

export interface TestDatabase extends OpenedDatabase {
  readonly dataDir: string;
}

/**
 * A real PostgreSQL in a folder of its own, with the newest schema. It does not flush unless `durable`: tests that do
 * not kill it need not wait for the disk. `close` stops it and removes the folder.
 */
export async function openTestDatabase(
  options: Partial<DatabaseOptions> & { durable?: boolean } = {},
): Promise<TestDatabase> {
  const { durable = false, ...rest } = options;
  const dataDir = options.dataDir ?? (options.migrations ? temporaryDataDir() : await preparedDataDir());
  const relaxed = durable ? {} : { fsync: "off", full_page_writes: "off" };
  const settings = { shared_buffers: "64MB", ...relaxed, ...options.settings };
  const defaults = { runtime: systemRuntime, log: quietLog, allowUndurable: !durable };
  const database = await openDatabase({ ...defaults, ...rest, dataDir, settings });
  return {
    ...database,
    dataDir,
    async close() {
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
