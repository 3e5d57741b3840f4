import type { Runtime } from "@openward/runtime";
import type { BlockKey, Catalogue, DueBlock, LoadedBlock } from "./catalogue.ts";
import { withNewerHours } from "./days.ts";
import { ArchiveFileWriter, type StoredBlock, verifyFile } from "./file.ts";
import type { Kind, ObjectStore } from "./ports.ts";
import type { ArchivedRange, Fetched } from "./reader.ts";

const DAY_MS = 86_400_000;
const FILE_ROWS_MAX = 8_192;
const FILE_BYTES_MAX = 32 << 20;
const GROUP_ROWS_MAX = 512;
const GROUP_BYTES_MAX = 2 << 20;
/** How long a small ward's blocks wait for a full file. */
const PATIENCE_MS = 7 * DAY_MS;

export interface ArchiverOptions {
  readonly runtime: Runtime;
  readonly catalogue: Catalogue;
  readonly store: ObjectStore;
  /** What was archived before. @throws OutsideTrouble ARCHIVE_UNREACHABLE */
  readonly fetch: (ranges: readonly ArchivedRange[]) => Promise<Fetched[]>;
  /** Lets timers and sockets have their turn. */
  readonly pause: () => Promise<void>;
}

/**
 * Blocks of one kind that are older than `before`, moved file by file. Written, read back, compared; only then, and in one
 * transaction, are they in the catalogue and out of PostgreSQL. Stopped at any point, nothing is lost or there twice: a file
 * without its transaction is nobody's, and the next run removes it.
 *
 * @param everything not only full files
 * @returns how many blocks moved
 */
export async function archiveKind(
  kind: Kind,
  before: number,
  everything: boolean,
  options: ArchiverOptions,
): Promise<number> {
  const { catalogue } = options;
  let moved = 0;
  for (const organisationId of await catalogue.organisations(kind, before)) {
    for (;;) {
      const due = await catalogue.due(organisationId, kind, before, FILE_ROWS_MAX);
      const [file = []] = portions(due, FILE_ROWS_MAX, FILE_BYTES_MAX);
      const [oldest] = file;
      if (!oldest) break;
      const isFull = file.length < due.length || due.length === FILE_ROWS_MAX;
      if (!isFull && !everything && oldest.periodStart >= before - PATIENCE_MS) break;
      const went = await archiveFile(organisationId, kind, file, options);
      moved += went;
      // All of them were sealed again meanwhile: another time.
      if (went === 0) break;
    }
  }
  return moved;
}

async function archiveFile(
  organisationId: string,
  kind: Kind,
  blocks: readonly DueBlock[],
  { runtime, catalogue, store, fetch, pause }: ArchiverOptions,
): Promise<number> {
  const key = `${organisationId}/${kind}/${dayPath(blocks[0] as DueBlock)}/${runtime.ids.uuid()}.parquet`;
  const id = await catalogue.begin({ organisationId, key, kind, now: runtime.clock.now() });
  const file = new ArchiveFileWriter(organisationId, kind);
  // A stream's blocks lie together, so that a range of time is one read.
  for (const group of portions(blocks.toSorted(byStream), GROUP_ROWS_MAX, GROUP_BYTES_MAX)) {
    const loaded = await wholeDays(await catalogue.load(kind, group), fetch);
    if (loaded.length > 0) file.add(loaded);
    await pause();
  }
  if (file.placed.length === 0) return 0;
  const { bytes, sha256 } = file.finish();
  const { placed } = file;
  await store.put(key, bytes);
  await verifyFile(key, await store.read(key), { sha256, placed }, pause);
  const now = runtime.clock.now();
  return (await catalogue.move(id, kind, { bytes: bytes.length, sha256, placed, now })) ?? 0;
}

/**
 * Of a day that is archived already PostgreSQL has the hours that came late: they are put into what is archived. Where that
 * is damaged the day stays, until its file is back.
 */
async function wholeDays(loaded: readonly LoadedBlock[], fetch: ArchiverOptions["fetch"]): Promise<StoredBlock[]> {
  const late = loaded.filter(({ baseFileId }) => baseFileId !== null);
  const archived = await fetch(
    late.map(({ baseFileId, baseAt, baseLength, baseCheck }) => ({
      fileId: baseFileId as number,
      at: baseAt,
      length: baseLength,
      check: baseCheck,
    })),
  );
  const found = new Map(late.map((row, i) => [row, archived[i]]));
  return loaded.flatMap((row): StoredBlock[] => {
    const { check, baseFileId, baseAt, baseLength: _length, baseCheck: _check, baseBounds, ...block } = row;
    if (baseFileId === null) return [{ ...block, source: { check, base: null } }];
    const payload = found.get(row);
    if (!Buffer.isBuffer(payload) || block.bounds === null) return [];
    const day = withNewerHours({ bounds: baseBounds, payload }, { bounds: block.bounds, payload: block.payload });
    return [{ ...block, ...day, source: { check, base: { fileId: baseFileId, at: baseAt } } }];
  });
}

function dayPath({ periodStart }: BlockKey): string {
  return new Date(periodStart).toISOString().slice(0, 10).replaceAll("-", "/");
}

function byStream(a: DueBlock, b: DueBlock): number {
  return compare(a.patientId, b.patientId) || compare(a.streamId, b.streamId) || a.periodStart - b.periodStart;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Cut into portions of at most so many rows and bytes, and at least one row. */
function portions(blocks: readonly DueBlock[], rowsMax: number, bytesMax: number): DueBlock[][] {
  const all: DueBlock[][] = [];
  let bytes = 0;
  for (const block of blocks) {
    const last = all.at(-1);
    if (last && last.length < rowsMax && bytes + block.bytes <= bytesMax) {
      last.push(block);
      bytes += block.bytes;
    } else {
      all.push([block]);
      bytes = block.bytes;
    }
  }
  return all;
}
