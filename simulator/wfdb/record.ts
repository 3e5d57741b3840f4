import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { parseHeader, type WfdbHeader, type WfdbSignal } from "./header.ts";
import { type ReadOptions, readSegment, type SignalSum, type WfdbBlock } from "./segment.ts";

/** What a whole reading of a record has shown: every length and checksum was right. */
export interface WfdbVerification {
  readonly frames: number;
  readonly sums: readonly SignalSum[];
  /** Bytes after the samples that the headers account for. */
  readonly surplusBytes: number;
}

export interface WfdbRecord {
  /** The record's own header; the master header of a multi-segment record. */
  readonly header: WfdbHeader;
  readonly frameRateHz: number;
  /**
   * The signals in order: of the layout header where there is one, else of the first segment. Gain, baseline and unit
   * may differ from segment to segment: take them from the block.
   */
  readonly signals: readonly WfdbSignal[];
  /** Frames in time order, gaps left out. Each checksum is checked once its file's last frame was read. */
  blocks(options: ReadOptions): AsyncGenerator<WfdbBlock>;
  /** Read everything (or the chosen signals) once, keeping nothing. */
  verify(choose?: (signal: WfdbSignal) => boolean): Promise<WfdbVerification>;
}

const HEADER_BYTES_MAX = 8_000_000;

/**
 * Open a WFDB record: `100.hea`, or `100` with the header beside it. Data files may be plain or gzip (`100.dat.gz`).
 *
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT ("100.hea:2"); reading throws FILE_TRUNCATED and FILE_CORRUPT too
 */
export async function openWfdbRecord(path: string): Promise<WfdbRecord> {
  const folder = join(dirname(path), "/");
  const name = basename(path).replace(/\.hea$/, "");
  const header = await loadHeader(folder, name);
  const segmentNames = header.segments.flatMap((s) => (s.name === null ? [] : [s.name]));
  // In a record of variable layout the first segment, of length 0, lists every signal there is.
  const signals = segmentNames[0] === undefined ? header.signals : (await loadSegment(folder, header, 0, null)).signals;

  async function* blocks(options: ReadOptions): AsyncGenerator<WfdbBlock> {
    if (header.segments.length === 0) {
      yield* readSegment(folder, header, 0, options);
      return;
    }
    let from = 0;
    for (const [index, segment] of header.segments.entries()) {
      if (segment.name !== null && segment.frames > 0) {
        yield* readSegment(folder, await loadSegment(folder, header, index, segment.frames), from, options);
      }
      from += segment.frames;
    }
  }

  return {
    header,
    frameRateHz: header.frameRateHz,
    signals,
    blocks,
    async verify(choose) {
      const sums: SignalSum[] = [];
      let surplusBytes = 0;
      let frames = 0;
      const onRead = (read: readonly SignalSum[], surplus: number) => {
        sums.push(...read);
        surplusBytes += surplus;
      };
      for await (const block of blocks({ blockFrames: 4096, onRead, ...(choose ? { choose } : {}) })) {
        frames = block.startFrame + block.frames;
      }
      return { frames: header.frames ?? frames, sums, surplusBytes };
    },
  };
}

async function loadSegment(folder: string, master: WfdbHeader, index: number, frames: number | null) {
  const { name, line } = frames === null ? master.segments.find((s) => s.name !== null)! : master.segments[index]!;
  const at = `${master.file}:${line}`;
  const header = await loadHeader(folder, name!);
  if (header.segments.length > 0) {
    throw new RefusedInput("FILE_FORMAT", { at, expected: "a segment of one piece", received: `${name} has segments` });
  }
  if (header.frameRateHz !== master.frameRateHz) {
    const received = `${header.frameRateHz} Hz in ${header.file}`;
    throw new RefusedInput("FILE_FORMAT", { at, expected: `${master.frameRateHz} Hz`, received });
  }
  if (frames !== null && header.frames !== null && header.frames !== frames) {
    const received = `${header.frames} in ${header.file}`;
    throw new RefusedInput("FILE_FORMAT", { at, expected: `${frames} samples per signal`, received });
  }
  return frames === null ? header : { ...header, frames };
}

async function loadHeader(folder: string, name: string): Promise<WfdbHeader> {
  const file = `${name}.hea`;
  let text: string;
  try {
    const size = (await stat(folder + file)).size;
    if (size > HEADER_BYTES_MAX) {
      throw new RefusedInput("FILE_FORMAT", {
        at: file,
        expected: `a header up to ${HEADER_BYTES_MAX} bytes`,
        received: `${size} bytes`,
      });
    }
    text = await readFile(folder + file, "latin1");
  } catch (error) {
    if (error instanceof RefusedInput) throw error;
    throw new RefusedInput("FILE_UNREADABLE", { at: file, expected: "a WFDB header" }, { cause: error });
  }
  return parseHeader(text, file);
}
