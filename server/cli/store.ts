import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { noTurns } from "@openward/runtime/turns";
import type { Command } from "commander";
import { type Config, readConfig } from "../config.ts";
import { createLog } from "../log.ts";
import { archivedHours } from "../store/archive/index.ts";
import { lockHolder, openDatabase } from "../store/database/index.ts";
import { becomeOnlyWriter } from "../store/database/only-writer.ts";
import {
  compactStore,
  mendStore,
  type StoreStats,
  saveFaults,
  storeStats,
  verifyStore,
} from "../store/inspection/index.ts";
import { boundStore, createBlockPacking, type KeyStore, kmsOf, openKeyStore } from "../store/keys/index.ts";
import { zstd } from "../store/telemetry/index.ts";
import { EXIT, print, tell } from "./output.ts";

const FAULTS_SHOWN = 100;

export function addStoreCommands(program: Command): void {
  const store = program.command("store").description("what is stored: how much, whether it is sound, tidying");
  store
    .command("stats")
    .description("bytes by table and part, readings, bytes per reading by signal; works while the server runs")
    .option("--json", "print one JSON object")
    .action(stats);
  store
    .command("verify")
    .description("decode and check every block, rollup, journal row and quarantined input; works while the server runs")
    .option("--mend", "set aside what cannot be read and make rollups again from blocks; the server must be stopped")
    .option("--json", "print one JSON object")
    .action(verify);
  store
    .command("compact")
    .description(
      "do now what the server does every hour: finished days together, old journal days out, statistics of days (those while the server is stopped); works while it runs",
    )
    .option("--json", "print one JSON object")
    .action(compact);
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

async function withDatabase<T>(mode: "command" | "serve", work: (database: Database) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const log = createLog("silent");
  const options = { dataDir: config.dataDir, url: config.databaseUrl, runtime: systemRuntime, log };
  const database = await openDatabase({ ...options, mode, allowUndurable: config.undurable === "yes" });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

async function stats(options: { json?: boolean }): Promise<void> {
  const found = await withDatabase("command", ({ worker }) => storeStats(worker));
  print(options.json ?? false, { ok: true, ...found }, linesOf(found));
}

function linesOf({ tables, parts, kinds, signals, readings, bytesPerReading, journal, damaged, total }: StoreStats) {
  const row = (name: string, ...cells: (string | number)[]) =>
    name.padEnd(32) + cells.map((c) => String(c).padStart(16)).join("");
  return [
    row("part", "bytes"),
    ...Object.entries(parts).map(([name, bytes]) => row(name === "indexes" ? "(indexes, in these)" : name, bytes)),
    row("total", total),
    "",
    row("table", "rows, about", "bytes", "of it indexes"),
    ...tables.map(({ name, rows, bytes, indexBytes }) => row(name, rows, bytes, indexBytes)),
    "",
    row("signal", "streams", "readings", "bytes", "bytes/reading"),
    ...signals.map((each) => row(each.signal, each.streams, each.readings, each.bytes, each.bytesPerReading)),
    ...(["numeric", "waveform"] as const).map((kind) =>
      row(`all ${kind}`, kinds[kind].streams, kinds[kind].readings, kinds[kind].bytes),
    ),
    "",
    `${readings} readings and samples in blocks, ${bytesPerReading ?? "no"} bytes each with rollups and indexes`,
    `journal: ${journal.rows} rows of ${journal.days.length} days, ${journal.notSealed} not in blocks yet`,
    ...(damaged.setAside + damaged.faults > 0
      ? [`DAMAGED: ${damaged.setAside} blocks set aside, ${damaged.faults} open faults; see \`openward store verify\``]
      : []),
  ];
}

async function verify(options: { mend?: boolean; json?: boolean }): Promise<void> {
  const isJson = options.json ?? false;
  const config = readConfig(process.env);
  if (options.mend) refuseRunning(config.dataDir);
  const progress = (text: string) => !isJson && tell(`openward: ${text}`);
  await withDatabase(options.mend ? "serve" : "command", async ({ worker, owner }) => {
    const { timers, clock } = systemRuntime;
    const log = createLog("warn");
    // The lock of the only writer: a server with another data directory could use this database.
    const writer = options.mend
      ? await becomeOnlyWriter({ owner, timers, log, onSuperseded: () => process.exit(1) })
      : null;
    let keys: KeyStore | undefined;
    try {
      const folder = config.keyDir;
      const kms = () => kmsOf(config, systemRuntime)(false);
      keys = await openKeyStore({ folder, kms, boundTo: await boundStore(worker), runtime: systemRuntime, log });
      const packing = createBlockPacking(keys, zstd);
      const elsewhere = (id: string, from: number, to: number) => archivedHours(worker, id, from, to);
      let found = await verifyStore({ worker, keys, packing, elsewhere, progress });
      const mended = options.mend
        ? await mendStore(found.faults, { worker, packing, elsewhere, now: clock.now() })
        : null;
      if (mended && mended.setAside + mended.remade > 0) {
        progress("once more ...");
        found = await verifyStore({ worker, keys, packing, elsewhere, progress });
      }
      await saveFaults(worker, found.faults, clock.now());
      const { faults, ...counts } = found;
      print(
        isJson,
        { ok: faults.length === 0, ...counts, mended, wrong: faults.length, faults: faults.slice(0, FAULTS_SHOWN) },
        [
          `${counts.blocks} blocks with ${counts.readings} readings and samples, ${counts.overviews} overviews, ${counts.rollups} rollups,`,
          `${counts.journalRows} journal rows and ${counts.quarantined} quarantined inputs were read.`,
          ...(mended
            ? [`${mended.setAside} blocks were set aside, ${mended.remade} rollups and overviews made again.`]
            : []),
          ...faults.slice(0, FAULTS_SHOWN).map(({ kind, key, reason }) => `WRONG  ${kind} ${key}: ${reason}`),
          faults.length === 0
            ? "Everything is as it was written."
            : `${faults.length} rows are wrong; every screen says so. The rest can be read.`,
        ],
      );
      process.exitCode = faults.length === 0 ? EXIT.done : EXIT.failed;
    } finally {
      keys?.close();
      writer?.release();
    }
  });
}

function refuseRunning(dataDir: string): void {
  const holder = lockHolder(dataDir);
  if (!holder) return;
  const facts = { at: dataDir, expected: "a stopped server for --mend", received: `process ${holder.pid}` };
  throw new OutsideTrouble("DATA_DIR_IN_USE", true, facts);
}

async function compact(options: { json?: boolean }): Promise<void> {
  const config = readConfig(process.env);
  const { journalDays } = config;
  const done = await withDatabase("command", (pools) =>
    compactStore(pools, { journalDays, now: systemRuntime.clock.now() }),
  );
  const statistics = await makeStatistics(config);
  const saved = done.bytesBefore - done.bytesAfter;
  print(options.json ?? false, { ok: true, ...done, saved, statistics }, [
    statistics === "left to the server"
      ? "Statistics of days are made by the server that runs."
      : `Statistics of ${statistics} days were made.`,
    `${done.daysJoined} days were put together, ${done.daysDropped} days of the journal were dropped;`,
    `the database has ${done.bytesAfter} bytes, ${Math.abs(saved)} ${saved >= 0 ? "less" : "more"} than before.`,
  ]);
}

/** A server that runs has readings in memory which nobody else knows of: it makes them itself, a moment after it sealed a day. */
async function makeStatistics(config: Config): Promise<number | "left to the server"> {
  if (lockHolder(config.dataDir)) return "left to the server";
  const runtime = systemRuntime;
  const log = createLog("error");
  // Most of a server, which no other command waits for.
  const [{ openFoundation }, { openStore }] = await Promise.all([
    import("../foundation.ts"),
    import("../open-store.ts"),
  ]);
  try {
    const foundation = await openFoundation({ config, mode: "serve", runtime, log });
    try {
      const { keys } = foundation;
      if (!keys) throw new Error("a server has keys");
      const store = await openStore({ config, foundation, keys, runtime, turn: noTurns, log });
      await store.telemetry.whole();
      try {
        return await store.telemetry.makeStatistics();
      } finally {
        await store.close();
      }
    } finally {
      await foundation.close();
    }
  } catch (error) {
    // A server with another data directory uses this database.
    if (error instanceof OutsideTrouble && error.code === "DATA_DIR_IN_USE") return "left to the server";
    throw error;
  }
}
