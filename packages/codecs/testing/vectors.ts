import { readdirSync, readFileSync } from "node:fs";
import { QUALITY } from "@openward/model";
import { fromHex } from "../binary-text.ts";
import type { DecodeContext, Decoded } from "../codec.ts";
import { codecs } from "../registry.ts";

/** What a codec makes of some bytes, and where the bytes came from. */
export interface Vector {
  readonly name: string;
  readonly source: string;
  /** Of which codec, where the file has vectors of several. */
  readonly codec?: string;
  /** Hexadecimal, or the bytes as text. */
  readonly bytes?: string;
  readonly text?: string;
  /** When it was received; left out: RECEIVED. */
  readonly at?: string;
  readonly utcOffset?: number;
  readonly timeZone?: string;
  readonly readings?: readonly unknown[];
  readonly waveforms?: readonly unknown[];
  readonly events?: readonly unknown[];
  readonly status?: unknown;
  readonly facts?: unknown;
  /** "offset what", of several items "item:offset what". */
  readonly ignored?: readonly string[];
  /** "item code field". */
  readonly refused?: readonly string[];
  readonly error?: { readonly code: string; readonly field?: string; readonly offset?: number };
}

export const RECEIVED = Date.UTC(2026, 10, 22, 6);
const ROOT = new URL("../", import.meta.url);
const SUFFIX = ".vectors.json";

/** The vectors of every codec of the registry: in files that begin with its name. */
export function vectorsByCodec(): ReadonlyMap<string, readonly Vector[]> {
  const found = new Map<string, Vector[]>(codecs.map(({ name }) => [name, []]));
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(SUFFIX));
  for (const file of files.sort()) {
    const path = file.slice(0, -SUFFIX.length).replaceAll("\\", "/");
    const own = codecs
      .filter(({ name }) => path === name || path.startsWith(`${name}-`))
      .sort((a, b) => b.name.length - a.name.length)[0];
    if (!own) continue;
    const vectors = JSON.parse(readFileSync(new URL(file, ROOT), "utf8")) as Vector[];
    for (const vector of vectors) found.get(vector.codec ?? own.name)?.push(vector);
  }
  return found;
}

export function bytesOf({ bytes = "", text }: Pick<Vector, "bytes" | "text">): Uint8Array {
  if (text !== undefined) return new TextEncoder().encode(text);
  const read = fromHex(bytes.replaceAll(" ", ""));
  if (!read) throw new Error(`not hexadecimal: ${bytes}`);
  return read;
}

export function contextOf({ at, utcOffset, timeZone }: Pick<Vector, "at" | "utcOffset" | "timeZone">): DecodeContext {
  return {
    item: 0,
    at: at === undefined ? RECEIVED : Date.parse(at),
    atQuality: QUALITY.timeFromServer,
    utcOffsetMinutes: utcOffset ?? null,
    timeZone: timeZone ?? null,
    session: {},
  };
}

/** As vectors are written: a line a value, and only what is not plain. */
export function plainOf(
  decoded: Decoded,
  vector: Vector,
): Required<Pick<Vector, "readings" | "events" | "waveforms">> & {
  readonly status: unknown;
  readonly facts: unknown;
  readonly ignored: readonly string[];
  readonly refused: readonly string[];
} {
  const { at: received, atQuality } = contextOf(vector);
  const when = (time: number) => (Number.isNaN(time) || time === received ? {} : { at: new Date(time).toISOString() });
  return {
    readings: decoded.readings.flatMap(({ signal, unit, utcOffsetMinutes, times, values, items, quality = 0 }) =>
      Array.from(values, (value, i) => ({
        signal,
        value,
        unit,
        ...when(times[i] as number),
        ...(quality !== atQuality && { quality }),
        ...(utcOffsetMinutes !== (vector.utcOffset ?? null) && { utcOffsetMinutes }),
        ...(items[i] !== 0 && { item: items[i] }),
      })),
    ),
    waveforms: decoded.waveforms.map(({ samples, start, ...rest }) => ({
      ...rest,
      ...when(start),
      samples: Array.from(samples),
    })),
    events: decoded.events.map(({ event, at, detail }) => ({ event, ...when(at), detail })),
    status: decoded.status,
    facts: decoded.facts,
    ignored: decoded.ignored.map(({ index, offset, what }) => `${index > 0 ? `${index}:` : ""}${offset} ${what}`),
    refused: decoded.refused.map(({ index, code, field }) => `${index} ${code} ${field}`.trimEnd()),
  };
}
