import {
  type FileFormat,
  findFileFormat,
  HEAD_BYTES,
  type Piece,
  recogniseFile,
  type Surroundings,
} from "@openward/codecs/files";
import { type DecodeContext, type Decoded, decodeRaw } from "@openward/codecs/raw";
import { RefusedInput } from "@openward/errors";
import { QUALITY } from "@openward/model";
import { peek } from "./peek.ts";
import type { Sender } from "./send.ts";
import type { Source } from "./sources.ts";
import { addAnswer, addDecoded, addIgnored, newTally, type Tally } from "./tally.ts";

/** Refusals that say of a piece alone what is wrong with it. */
const OF_A_PIECE = new Set(["MALFORMED_BYTES", "BODY_TOO_LARGE", "BODY_SHAPE", "CONTEXT_MISSING"]);

export interface Wishes {
  /** null: by what the file holds. */
  readonly format: string | FileFormat | null;
  /** null: nothing is sent, and pieces are decoded here. */
  readonly sender: Sender | null;
  /** ms UTC: when a recording began that does not say it. */
  readonly beganAt?: number | null;
  /** Pieces that an earlier run has sent. */
  readonly after: number;
  /** ms UTC. */
  readonly now: number;
  /** Of local times without an offset, in a dry run. */
  readonly timeZone: string | null;
  /** Told of what is decoded here. */
  onDecoded?(decoded: Decoded): void;
  onProgress(read: number, of: number, tally: Tally): void;
}

/**
 * Brings in every file that is of a known format; what is not is named among what was ignored.
 *
 * @throws RefusedInput FIELD_INVALID, FILE_FORMAT, FILE_TRUNCATED, or why the server takes nothing
 * @throws OutsideTrouble SERVER_UNREACHABLE
 */
export async function bringIn(sources: readonly Source[], wishes: Wishes, tally = newTally()): Promise<Tally> {
  const wanted = typeof wishes.format === "string" ? findFileFormat(wishes.format) : wishes.format;
  if (wanted === undefined) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "--format",
      expected: "a format that `openward import --formats` lists",
    });
  }
  const of = sources.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  let known = 0;
  // Files that others brought in with them: samples beside a header, segments of a recording.
  const used = new Set<string>();
  for (const source of await inOrder(sources)) {
    if (used.has(source.name)) continue;
    const { format, bytes } = await recognised(source, sources.length === 1 ? wanted : null);
    if (!format || (wanted && format !== wanted)) {
      if (sources.length === 1) throw unknownFile(source);
      addIgnored(tally, [{ what: `file ${extensionOf(source.name)} of no format that is read here` }]);
    } else {
      known++;
      for await (const piece of format.cut(bytes, aroundOf(source, used, wishes))) {
        if (piece.left !== null) addIgnored(tally, [{ what: piece.left }]);
        if (piece.bytes.length > 0) await take(piece, format, source.name, wishes, tally);
        wishes.onProgress(before + source.read(), of, tally);
      }
    }
    before += source.size;
    wishes.onProgress(before, of, tally);
  }
  if (known === 0) throw new RefusedInput("FILE_FORMAT", { expected: "a file of a known format in it" });
  return tally;
}

function aroundOf(source: Source, used: Set<string>, { beganAt = null }: Wishes): Surroundings {
  const folder = source.name.slice(0, source.name.lastIndexOf("/") + 1);
  return {
    name: source.name.slice(folder.length),
    beganAt,
    async open(name) {
      const found = await source.beside(name);
      if (found !== null) for (const each of [name, `${name}.gz`]) used.add(`${folder}${each}`);
      return found;
    },
  };
}

/** Headers of recordings before what lies beside them, and of these those that are made of others first. */
async function inOrder(sources: readonly Source[]): Promise<readonly Source[]> {
  const headers = sources.filter(({ name }) => HEADER.test(name));
  if (headers.length === 0 || sources.length === 1) return sources;
  const whole: Source[] = [];
  const parts: Source[] = [];
  for (const header of headers) {
    const { head, whole: rest } = await peek(await header.open(), HEAD_BYTES);
    await rest.return(undefined);
    (MASTER.test(head.toString("latin1")) ? whole : parts).push(header);
  }
  return [...whole, ...parts, ...sources.filter(({ name }) => !HEADER.test(name))];
}

const HEADER = /\.hea$/i;
/** "name/segments" begins the first line that is no comment. */
const MASTER = /^(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*[A-Za-z0-9_.-]+\/\d+[ \t]/;

async function take(piece: Piece, format: FileFormat, file: string, wishes: Wishes, tally: Tally): Promise<void> {
  tally.pieces++;
  tally.bytes += piece.bytes.length;
  if (tally.pieces <= wishes.after) return;
  try {
    if (wishes.sender) addAnswer(tally, await wishes.sender.send(piece.bytes, format.codec));
    else {
      const decoded = decodeRaw(piece.bytes, format.codec, contextOf(wishes));
      addDecoded(tally, decoded);
      wishes.onDecoded?.(decoded);
    }
  } catch (error) {
    if (!(error instanceof RefusedInput && OF_A_PIECE.has(error.code))) {
      // What is not acknowledged is not counted: the next run begins with it.
      tally.pieces--;
      throw error;
    }
    tally.refused.push({ file, from: piece.from, to: piece.to, reason: error.message });
  }
}

function contextOf({ now, timeZone }: Wishes): DecodeContext {
  return { item: 0, at: now, atQuality: QUALITY.timeFromServer, utcOffsetMinutes: null, timeZone, session: {} };
}

/** Looks at the first bytes, and gives them back with the rest. */
async function recognised(
  source: Source,
  wanted: FileFormat | null,
): Promise<{ format: FileFormat | undefined; bytes: AsyncIterable<Uint8Array> }> {
  const { head, whole } = await peek(await source.open(), HEAD_BYTES);
  const format = wanted ?? recogniseFile(source.name, head);
  if (!format) await whole.return(undefined);
  return { format, bytes: whole };
}

function unknownFile({ name }: Source): RefusedInput {
  const expected = "a format that `openward import --formats` lists";
  return new RefusedInput("FILE_FORMAT", { at: extensionOf(name), expected });
}

/** Names of files can hold names of people. */
function extensionOf(name: string): string {
  return /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "without an ending";
}
