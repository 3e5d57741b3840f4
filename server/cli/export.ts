import { resolve } from "node:path";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { streamId } from "../ingest/ids.ts";
import { createLog } from "../log.ts";
import { boundStore, type KeyStore, kmsOf, openKeyStore } from "../store/keys/index.ts";
import { archiveToRead } from "./archive.ts";
import { EXIT, print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

const USES = ["research", "care", "operations"] as const;

interface Options {
  parquet?: string;
  edf?: string;
  wfdb?: string;
  for: string;
  purpose?: string;
  until?: string;
  patient: string[];
  signals?: string;
  from?: string;
  to?: string;
  identified?: boolean;
  asReceived?: boolean;
  expire?: boolean;
  gone?: boolean;
  organisation?: string;
  json?: boolean;
}

const DAY_MS = 86_400_000;
const collect = (value: string, all: string[]) => [...all, value];

export function addExportCommand(program: Command): void {
  program
    .command("export")
    .description("readings and waveforms as plain files for a purpose, until a day; or remove those past their day")
    .option("--parquet <folder>", "where the files go: a new or empty folder")
    .option("--edf <folder>", "instead: EDF+, a file for each stream and day; whole numbers as they were sent")
    .option("--wfdb <folder>", "instead: records of WFDB, as PhysioNet's tools read them")
    .option("--purpose <text>", "what they are for; stands in manifest.json and in the audit log")
    .option(
      "--for <use>",
      `${USES.join(", ")}; for research patients and kinds of data are in it to whose use for research was agreed`,
      "research",
    )
    .option("--until <date>", "YYYY-MM-DD, UTC: the last day on which they may be there")
    .option("--patient <id>", "this patient only; may be given several times", collect, [])
    .option("--signals <keys>", "these signals only, such as heart-rate,spo2")
    .option("--from <time>", "from this time on, such as 2026-11-22 or 2026-11-22T06:00:00Z")
    .option("--to <time>", "before this time; now when left out")
    .option("--identified", "name patients and devices by their ids, instead of names that hold in this export alone")
    .option("--as-received", "values as they were received: also those in error, or another patient's")
    .option("--expire", "remove the files of exports that are past their day")
    .option("--gone", "with --expire: also count as removed what is not where it was written")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: the manifest, or what was removed")
    .action((options: Options) => (options.expire ? expire(options) : write(options)));
}

async function write(options: Options): Promise<void> {
  const { purpose, until, patient, signals } = options;
  const { format, folder: given } = needPlace(options);
  const folder = resolve(given);
  const request = {
    folder,
    format,
    use: needUse(options.for),
    purpose: need(purpose, "--purpose", "what they are for"),
    expiresAt: parseDay(need(until, "--until", "YYYY-MM-DD")) + DAY_MS,
    patientIds: patient,
    signals: (signals ?? "")
      .split(",")
      .map((key) => key.trim())
      .filter(Boolean),
    from: parseTime(options.from, "--from"),
    to: parseTime(options.to, "--to"),
    isIdentified: options.identified ?? false,
    isAsReceived: options.asReceived ?? false,
    by: "command line",
  };
  await withRegistry(options.organisation, async (registry) => {
    const { organisation, database } = registry;
    const { worker } = database;
    const keys = await keysToRead(worker);
    const archive = await archiveToRead(registry);
    try {
      const { exportValues } = await import("../store/export/index.ts");
      const deps = { runtime: systemRuntime, worker, archive, keys, streamIdOf: streamId, log: createLog("silent") };
      const manifest = await exportValues({ ...request, organisation }, deps);
      print(options.json ?? false, { folder, ...manifest }, [
        `${folder}: ${manifest.files.length} files of ${manifest.patients} patients, until ${manifest.expiresAt}`,
        ...(manifest.use === "research"
          ? [`for research, as agreed: ${manifest.notAgreed} patients are not in it`]
          : [`for ${manifest.use}: consent to research was not asked for`]),
        manifest.amendedUntil === null
          ? `values are as they were received; ${manifest.amendments} amendments of these patients are not in it`
          : `values are as amended until ${manifest.amendedUntil}`,
        ...(manifest.tracks ?? []).flatMap(({ name, signal, moved, rounded, left }) => [
          ...(name === null ? [`${signal}: more than 16 bits, which EDF cannot hold; --wfdb can`] : []),
          ...(moved + rounded + left > 0
            ? [`${name ?? signal}: ${moved} readings moved within their step, ${rounded} rounded, ${left} left out`]
            : []),
        ]),
        ...manifest.files.map(({ name, rows, bytes }) => `${name}  ${rows} rows  ${bytes} bytes`),
        "`openward export --expire` removes them when their day is over; copies are yours to remove.",
      ]);
    } finally {
      await archive.close();
      keys.close();
    }
  });
}

/** @throws OutsideTrouble KEY_MASTER_MISSING; RefusedInput KEY_MASTER_WRONG, KEY_STORE_MISSING and the like */
export async function keysToRead(worker: Registry["database"]["worker"]): Promise<KeyStore> {
  const config = readConfig(process.env);
  return openKeyStore({
    folder: config.keyDir,
    kms: () => kmsOf(config, systemRuntime)(false),
    boundTo: await boundStore(worker),
    runtime: systemRuntime,
    log: createLog("warn"),
  });
}

async function expire(options: Options): Promise<void> {
  await withRegistry(options.organisation, async ({ organisation, database }) => {
    const { expireExports } = await import("../store/export/index.ts");
    const deps = { runtime: systemRuntime, worker: database.worker };
    const expired = await expireExports({ organisationId: organisation.id, isGone: options.gone ?? false }, deps);
    print(options.json ?? false, { expired }, [
      ...expired.map(({ outcome, folder, purpose }) => `${outcome}: ${folder} (${purpose})`),
      ...(expired.length === 0 ? ["no export is past its day"] : []),
    ]);
    if (expired.some(({ outcome }) => outcome !== "removed") && !options.gone) process.exitCode = EXIT.failed;
  });
}

function need(value: string | undefined, at: string, expected: string): string {
  if (value === undefined || value.trim() === "") throw new RefusedInput("FIELD_INVALID", { at, expected });
  return value;
}

/** Exactly one of the three. */
function needPlace({ parquet, edf, wfdb }: Options): { format: "parquet" | "edf" | "wfdb"; folder: string } {
  const all = Object.entries({ parquet, edf, wfdb }).filter(([, folder]) => folder !== undefined);
  const [format, folder = ""] = all[0] ?? ["parquet"];
  if (all.length !== 1 || folder.trim() === "")
    throw new RefusedInput("FIELD_INVALID", {
      at: "--parquet",
      expected: "a folder for one of --parquet, --edf, --wfdb",
    });
  return { format: format as "parquet" | "edf" | "wfdb", folder };
}

function needUse(text: string): (typeof USES)[number] {
  const use = USES.find((known) => known === text);
  if (!use) throw new RefusedInput("FIELD_INVALID", { at: "--for", expected: USES.join(", "), received: text });
  return use;
}

function parseDay(text: string): number {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(time) || !new Date(time).toISOString().startsWith(text))
    throw new RefusedInput("FIELD_INVALID", { at: "--until", expected: "YYYY-MM-DD", received: text });
  return time;
}

function parseTime(text: string | undefined, at: string): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new RefusedInput("FIELD_INVALID", { at, expected: "a time such as 2026-11-22T06:00:00Z", received: text });
  return time;
}
