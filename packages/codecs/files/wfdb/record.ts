import { RefusedInput } from "@openward/errors";
import { openBytes, type WfdbFolder } from "./bytes.ts";
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
  /** The headers of its pieces, each with the frame of the record at which it begins; of a record of one piece its own. */
  segments(): AsyncGenerator<{ readonly header: WfdbHeader; readonly from: number }>;
  /** Read everything (or the chosen signals) once, keeping nothing. */
  verify(choose?: (signal: WfdbSignal) => boolean): Promise<WfdbVerification>;
}

const HEADER_BYTES_MAX = 8_000_000;

/**
 * Open a WFDB record.
 *
 * @param name of its header, without the ending
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT ("100.hea:2"); reading throws FILE_TRUNCATED and FILE_CORRUPT too
 */
export async function openRecord(folder: WfdbFolder, name: string): Promise<WfdbRecord> {
  const header = await loadHeader(folder, name);
  const segmentNames = header.segments.flatMap((s) => (s.name === null ? [] : [s.name]));
  // In a record of variable layout the first segment, of length 0, lists every signal there is.
  const signals = segmentNames[0] === undefined ? header.signals : (await loadSegment(folder, header, 0, null)).signals;

  async function* blocks(options: ReadOptions): AsyncGenerator<WfdbBlock> {
    for await (const { header: segment, from } of segments()) yield* readSegment(folder, segment, from, options);
  }

  async function* segments(): AsyncGenerator<{ readonly header: WfdbHeader; readonly from: number }> {
    if (header.segments.length === 0) yield { header, from: 0 };
    let from = 0;
    for (const [index, { name, frames }] of header.segments.entries()) {
      if (name !== null && frames > 0) yield { header: await loadSegment(folder, header, index, frames), from };
      from += frames;
    }
  }

  return {
    header,
    frameRateHz: header.frameRateHz,
    signals,
    blocks,
    segments,
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

async function loadSegment(folder: WfdbFolder, master: WfdbHeader, index: number, frames: number | null) {
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

async function loadHeader(folder: WfdbFolder, name: string): Promise<WfdbHeader> {
  const file = `${name}.hea`;
  const bytes = await openBytes(folder, file);
  try {
    const text = await bytes.read(HEADER_BYTES_MAX + 1);
    if (text.length <= HEADER_BYTES_MAX) return parseHeader(new TextDecoder("latin1").decode(text), file);
    const expected = `a header up to ${HEADER_BYTES_MAX} bytes`;
    throw new RefusedInput("FILE_FORMAT", { at: file, expected, received: "more" });
  } finally {
    bytes.close();
  }
}
