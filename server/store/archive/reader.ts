import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Catalogue, FileRow } from "./catalogue.ts";
import { checkOf, FILE_FORMAT, type Place } from "./place.ts";
import type { ObjectStore } from "./ports.ts";
import { RangeCache } from "./range-cache.ts";

export interface ArchivedRange extends Place {
  readonly fileId: number;
}

/** What was read; or, in its place, why that one cannot be. */
export type Fetched = Buffer | RefusedInput;

/** Ranges that lie this near to one another are read at once. */
const GAP_MAX = 32 << 10;
const READ_MAX = 8 << 20;
const READS_AT_ONCE = 8;

interface Piece {
  readonly range: ArchivedRange;
  /** Where the answer belongs. */
  readonly index: number;
}

export interface ReaderOptions {
  readonly store: ObjectStore | undefined;
  readonly catalogue: Catalogue;
  readonly cacheBytes: number;
  /** The file is not what was written, or not there. */
  readonly onDamaged: (fileId: number, fault: RefusedInput) => void;
  /** Whether the archive answered. */
  readonly onAnswer: (isReachable: boolean) => void;
}

/** Blocks out of archive files, each compared with its check. */
export class ArchiveReader {
  readonly #options: ReaderOptions;
  readonly #cache: RangeCache;
  readonly #files = new Map<number, FileRow>();

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#cache = new RangeCache(options.cacheBytes);
  }

  get cachedBytes(): number {
    return this.#cache.bytes;
  }

  /**
   * In the order of the ranges. One that is damaged is told in its place and costs the others nothing.
   *
   * @throws OutsideTrouble ARCHIVE_UNREACHABLE, DATABASE_UNREACHABLE
   */
  async fetch(ranges: readonly ArchivedRange[]): Promise<Fetched[]> {
    const found: (Fetched | undefined)[] = ranges.map((range) => this.#cache.get(keyOf(range)));
    const missing: Piece[] = ranges.flatMap((range, index) => (found[index] ? [] : [{ range, index }]));
    await this.#knowFiles(missing.map(({ range }) => range.fileId));
    const reads = together(missing);
    const next = async (): Promise<void> => {
      for (let read = reads.pop(); read; read = reads.pop()) await this.#read(read, found);
    };
    await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, reads.length) }, next));
    return found.map((each) => each ?? new RefusedInput("ARCHIVE_DAMAGED"));
  }

  async #knowFiles(ids: readonly number[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#files.has(id));
    if (unknown.length === 0) return;
    try {
      for (const file of await this.#options.catalogue.files(unknown)) this.#files.set(file.id, file);
    } catch (error) {
      throw new OutsideTrouble("DATABASE_UNREACHABLE", true, { at: "archive_file" }, { cause: error });
    }
  }

  async #read(pieces: readonly Piece[], found: (Fetched | undefined)[]): Promise<void> {
    const { store, onAnswer, onDamaged } = this.#options;
    const [first] = pieces as [Piece, ...Piece[]];
    const { fileId } = first.range;
    const fail = (pieces: readonly Piece[], fault: RefusedInput) => {
      for (const { index } of pieces) found[index] = fault;
    };
    const file = this.#files.get(fileId);
    if (!file) return fail(pieces, new RefusedInput("ARCHIVE_DAMAGED", { at: `file ${fileId}`, received: "no entry" }));
    if (file.format !== FILE_FORMAT) {
      const facts = { at: file.key, expected: String(FILE_FORMAT), received: String(file.format) };
      return fail(pieces, new RefusedInput("BLOCK_VERSION", facts));
    }
    if (!store) {
      throw new OutsideTrouble("ARCHIVE_UNREACHABLE", false, {
        at: "OPENWARD_ARCHIVE",
        expected: "the archive that holds what was moved there",
      });
    }
    const at = first.range.at;
    const length = Math.max(...pieces.map(({ range }) => range.at + range.length)) - at;
    let wrong = pieces;
    let fault = new RefusedInput("ARCHIVE_DAMAGED", { at: file.key, received: "other bytes than were written" });
    // What is wrong is read once more: it may have come wrong over the network.
    for (let tries = 0; tries < 2 && wrong.length > 0; tries++) {
      try {
        const bytes = await store.read(file.key, { at, length });
        wrong = wrong.filter(({ range, index }) => {
          const from = range.at - at;
          const piece = bytes.subarray(from, from + range.length);
          if (!checkOf(piece).equals(range.check)) return true;
          // A copy, so that the cache does not hold on to what was read around it.
          const copy = pieces.length === 1 ? piece : Buffer.from(piece);
          this.#cache.set(keyOf(range), copy);
          found[index] = copy;
          return false;
        });
      } catch (error) {
        if (!(error instanceof RefusedInput)) {
          onAnswer(false);
          throw error;
        }
        fault = error;
      }
    }
    onAnswer(true);
    if (wrong.length === 0) return;
    // A file that is cut short still has what stands before the cut.
    if (pieces.length > 1) return void (await Promise.all(wrong.map((piece) => this.#read([piece], found))));
    onDamaged(fileId, fault);
    fail(wrong, fault);
  }
}

const keyOf = ({ fileId, at, length }: ArchivedRange) => `${fileId} ${at} ${length}`;

/** Ranges of the same file that lie near one another, as one read each. */
function together(pieces: readonly Piece[]): Piece[][] {
  const sorted = pieces.toSorted((a, b) => a.range.fileId - b.range.fileId || a.range.at - b.range.at);
  const reads: Piece[][] = [];
  for (const piece of sorted) {
    const last = reads.at(-1);
    const start = last?.[0]?.range;
    const before = last?.at(-1)?.range;
    const isNear =
      start &&
      before &&
      before.fileId === piece.range.fileId &&
      piece.range.at - (before.at + before.length) <= GAP_MAX &&
      piece.range.at + piece.range.length - start.at <= READ_MAX;
    if (isNear) last?.push(piece);
    else reads.push([piece]);
  }
  return reads;
}
