import { readFile } from "node:fs/promises";
import { parseTime } from "@openward/codecs";
import { type FileFormat, fileFormats, mappedFormat } from "@openward/codecs/files";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { bringIn } from "./import/bring-in.ts";
import { createDatabases } from "./import/health-connect/open.ts";
import { createPreview } from "./import/preview.ts";
import { createSender } from "./import/send.ts";
import { openSources } from "./import/sources.ts";
import { linesOf, newTally, type Tally } from "./import/tally.ts";
import { EXIT, print, tell } from "./output.ts";

interface Options {
  device?: string;
  token?: string;
  format?: string;
  url?: string;
  after?: string;
  timeZone?: string;
  start?: string;
  mapping?: string;
  preview?: boolean;
  dryRun?: boolean;
  formats?: boolean;
  json?: boolean;
}

const PROGRESS_EVERY_MS = 1_000;

export function addImportCommand(program: Command): void {
  program
    .command("import [file]")
    .description(
      "bring in a file of fitness or health data (also in a .zip or .gz), as a device of its patient sends it",
    )
    .option("--device <id>", "the device whose data it is: the telephone or the watch of the patient")
    .option("--token <token>", "its token")
    .option("--format <format>", "when the file does not say it; --formats lists them")
    .option("--url <address>", "where the server is; this machine's when left out")
    .option("--after <pieces>", "go on where an import was broken off: as many pieces were acknowledged", "0")
    .option("--time-zone <zone>", "with --dry-run: of times that say no zone; the server takes the patient's")
    .option("--start <time>", "when a recording (WFDB) began whose header does not say it: 2026-11-22T06:00:00Z")
    .option("--dry-run", "read and count, and send nothing")
    .option("--mapping <file>", "how the columns of a CSV, or the members of a JSON array, are read: a small JSON file")
    .option("--preview", "show the first readings and the counts, and send nothing")
    .option("--formats", "list the formats")
    .option("--json", "print one JSON object: what was found, kept, quarantined and not taken")
    .action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const isJson = options.json ?? false;
  if (options.formats) {
    const formats = fileFormats.map(({ codec, display }) => ({ format: codec.replace("files/", ""), display }));
    return print(
      isJson,
      { formats },
      formats.map(({ format, display }) => `${format.padEnd(24)}${display}`),
    );
  }
  const isDry = options.dryRun === true || options.preview === true;
  const missing = file === undefined ? "file" : isDry || options.device ? null : "--device";
  if (missing !== null || file === undefined) throw wrongUse(missing ?? "file", "it is needed");
  const after = Number(options.after);
  if (!(Number.isInteger(after) && after >= 0)) throw wrongUse("--after", "a number of pieces");
  const beganAt = options.start === undefined ? null : parseTime(options.start);
  if (Number.isNaN(beganAt)) throw wrongUse("--start", "a time with its zone, as 2026-11-22T06:00:00Z");
  const { clock } = systemRuntime;
  const format = options.mapping === undefined ? (options.format ?? null) : await mappingIn(options.mapping);
  const sender = isDry ? null : senderOf(options);
  const preview = createPreview();
  const opened = await openSources(file, createDatabases(systemRuntime.timers));
  const tally = newTally();
  let toldAt = clock.monotonic();
  let isWhole = false;
  try {
    await bringIn(
      opened.sources,
      {
        format,
        sender,
        after,
        beganAt,
        now: clock.now(),
        timeZone: options.timeZone ?? null,
        onDecoded: (decoded) => preview.add(decoded),
        onProgress(read, of, { pieces }) {
          if (isJson || clock.monotonic() - toldAt < PROGRESS_EVERY_MS) return;
          toldAt = clock.monotonic();
          tell(`${Math.floor((100 * read) / Math.max(of, 1))} %, ${pieces} pieces`);
        },
      },
      tally,
    );
    isWhole = tally.refused.length === 0;
  } catch (error) {
    if (tally.pieces === 0 || !(error instanceof RefusedInput || error instanceof OutsideTrouble)) throw error;
    tell(error.message);
    if (sender) tell(`${tally.pieces} pieces are acknowledged; go on with --after ${tally.pieces}`);
  } finally {
    sender?.close();
    opened.close();
  }
  const shown = options.preview ? { preview: preview.lines } : {};
  const lines = options.preview ? ["first:", ...preview.lines] : [];
  print(isJson, { ...tally, isWhole, sent: sender !== null, ...shown }, [
    ...lines,
    ...reportOf(tally, sender !== null),
  ]);
  if (!isWhole) process.exitCode = EXIT.failed;
  if (Object.keys(tally.problems).some((reason) => reason.startsWith("NO_ASSOCIATION"))) {
    tell(`the device was on no patient then: openward device assign ${options.device ?? "DEVICE"} PATIENT --from TIME`);
  }
}

function senderOf({ device, token, url }: Options) {
  if (device === undefined || token === undefined) throw wrongUse("--token", "the device's token, or --dry-run");
  return createSender({
    url: url ?? `http://127.0.0.1:${readConfig(process.env).httpPort}`,
    deviceId: device,
    token,
    timers: systemRuntime.timers,
    onWait: (seconds, why) => tell(`${why}; once more in ${seconds} s`),
  });
}

/** @throws RefusedInput FILE_UNREADABLE, MALFORMED_JSON, or what is wrong with the mapping */
async function mappingIn(path: string): Promise<FileFormat> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new RefusedInput("FILE_UNREADABLE", { at: "--mapping" }, { cause });
  });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new RefusedInput("MALFORMED_JSON", { at: "--mapping" }, { cause });
  }
  return mappedFormat(given);
}

function reportOf(tally: Tally, isSent: boolean): string[] {
  const { pieces, bytes, accepted, found, problems, ignored, refused } = tally;
  return [
    isSent
      ? `${accepted} things are kept, of ${pieces} pieces with ${bytes} bytes`
      : `${pieces} pieces, ${bytes} bytes; nothing was sent`,
    ...linesOf("found:", found),
    ...linesOf(isSent ? "in quarantine, by reason:" : "could not be read, by reason:", problems),
    ...linesOf("not taken:", ignored),
    ...refused.map(({ file, from, to, reason }) => `refused: bytes ${from} to ${to} of ${file}: ${reason}`),
  ];
}

function wrongUse(at: string, expected: string): RefusedInput {
  return new RefusedInput("FIELD_INVALID", { at, expected });
}
