import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import { type Encoding, encodeBody } from "../bodies.ts";
import { type ChannelMap, planChannels } from "./map.ts";
import type { ReplayItem, ReplaySource } from "./source.ts";

export interface CsvSourceOptions {
  readonly map: ChannelMap;
  readonly encoding: Encoding;
  /** Name of the time column; else the one that is called time. */
  readonly timeColumn?: string;
}

const TIME_NAME = /^(?:time|t|elapsed|timestamp|date ?time)(?:\s*[[(](s|sec|seconds|ms|min)[\])])?$/i;
const TIME_SCALE: Readonly<Record<string, number>> = { s: 1000, sec: 1000, seconds: 1000, ms: 1, min: 60_000 };
const LINE_MAX = 1_000_000;
const NOT_MEASURED = new Set(["", "nan", "na", "n/a", "null", "-", "none"]);

/**
 * Numerics in a CSV with a header line, as those of the BIDMC dataset: a time column (seconds unless it says "[ms]" or
 * "[min]", or RFC 3339 times) and a column for each signal. Names may have blanks about them. Empty cells and NaN were
 * not measured. Values are sent in the signal's own unit unless the map names another.
 *
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT ("numerics.csv:17, column HR"), and those of `planChannels`
 */
export async function openCsvSource(path: string, options: CsvSourceOptions): Promise<ReplaySource> {
  const file = basename(path);
  const refuse = (line: number, column: string, expected: string, received: string) =>
    new RefusedInput("FILE_FORMAT", { at: `${file}:${line}${column ? `, column ${column}` : ""}`, expected, received });

  let header: string[] | null = null;
  for await (const { cells } of lines(path)) {
    header = cells.map((cell) => cell.trim());
    break;
  }
  if (!header) throw refuse(1, "", "a header line", "an empty file");
  const names = header;
  const timeAt = names.findIndex((name) =>
    options.timeColumn === undefined
      ? TIME_NAME.test(name)
      : name.toLowerCase() === options.timeColumn.trim().toLowerCase(),
  );
  if (timeAt < 0)
    throw refuse(1, "", `a column ${options.timeColumn ?? 'called time, as "Time [s]"'}`, names.join(", "));
  const timeScale = TIME_SCALE[/[[(](\w+)[\])]/.exec(names[timeAt]!)?.[1]?.toLowerCase() ?? "s"] ?? 1000;
  const columns = names.flatMap((name, index) => (index === timeAt ? [] : [{ name, index }]));
  const channels = planChannels(
    columns.map(({ name }) => ({ name, unit: null, kind: "numeric", ownUnit: true })),
    options.map,
  );

  async function* rows(): AsyncGenerator<{ offsetMs: number; values: [string, number, string | null][] }> {
    let first: number | null = null;
    let last = Number.NEGATIVE_INFINITY;
    for await (const { cells, line } of lines(path)) {
      if (line === 1) continue;
      if (cells.length !== names.length) throw refuse(line, "", `${names.length} cells`, `${cells.length} cells`);
      const text = cells[timeAt]!.trim();
      const time = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : number(text) * timeScale;
      if (!Number.isFinite(time)) throw refuse(line, names[timeAt]!, "a time", text);
      if (time < last) throw refuse(line, names[timeAt]!, "a time not before the line above", text);
      last = time;
      first ??= time;
      const values: [string, number, string | null][] = [];
      for (const [i, { index, name }] of columns.entries()) {
        const { signal, unit } = channels[i]!;
        const cell = cells[index]!.trim();
        if (signal === null || NOT_MEASURED.has(cell.toLowerCase())) continue;
        const value = number(cell);
        if (!Number.isFinite(value)) throw refuse(line, name, "a number, or nothing", cell);
        values.push([signal, value, unit]);
      }
      yield { offsetMs: Math.round(time - first), values };
    }
  }

  // Read through once before anything is sent.
  let durationMs = 0;
  let count = 0;
  for await (const row of rows()) {
    durationMs = row.offsetMs;
    count += row.values.length;
  }
  if (count === 0) throw refuse(2, "", "at least one value", "none");

  return {
    format: "csv",
    channels,
    durationMs,
    async *items(startAt): AsyncGenerator<ReplayItem> {
      for await (const { offsetMs, values } of rows()) {
        if (values.length === 0) continue;
        const body = Object.fromEntries(values.map(([s, value, unit]) => [s, unit === null ? value : { value, unit }]));
        const message = encodeBody("readings", { at: startAt + offsetMs, values: body }, options.encoding);
        yield { endOffsetMs: offsetMs, message, readings: values.length, samples: 0, absentSamples: 0 };
      }
    },
  };

  async function* lines(of: string): AsyncGenerator<{ cells: string[]; line: number }> {
    const raw = createReadStream(of);
    const unzipped = of.endsWith(".gz") ? createGunzip() : null;
    let failure: unknown = null;
    const input = unzipped ?? raw;
    input.on("error", (error) => {
      failure ??= error;
    });
    if (unzipped) {
      raw.on("error", (error) => unzipped.destroy(error));
      raw.pipe(unzipped);
    }
    const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    let line = 0;
    try {
      for await (const text of reader) {
        line++;
        if (text.length > LINE_MAX) throw refuse(line, "", `a line up to ${LINE_MAX} characters`, `${text.length}`);
        if (text.trim() === "") continue;
        yield { cells: splitLine(line === 1 ? text.replace(/^\uFEFF/, "") : text), line };
      }
    } catch (error) {
      if (error instanceof RefusedInput) throw error;
      failure ??= error;
    } finally {
      reader.close();
      raw.destroy();
      unzipped?.destroy();
    }
    if (failure !== null) throw new RefusedInput("FILE_UNREADABLE", { at: file }, { cause: failure });
  }
}

/** RFC 4180 without line breaks inside quotes. */
function splitLine(text: string): string[] {
  if (!text.includes('"')) return text.split(",");
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (isQuoted && c === '"' && text[i + 1] === '"') {
      cell += c;
      i++;
    } else if (c === '"') isQuoted = !isQuoted;
    else if (c === "," && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += c;
  }
  cells.push(cell);
  return cells;
}

function number(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
