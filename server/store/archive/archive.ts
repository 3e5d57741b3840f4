import type { Runtime, Timer } from "@openward/runtime";
import type { Pool } from "pg";
import { Catalogue } from "./catalogue.ts";
import type { ArchiveLog, ArchiveState, Kind, ObjectStore, Retention } from "./ports.ts";
import { type ArchivedRange, ArchiveReader, type Fetched } from "./reader.ts";
import { deleteExpired } from "./retention.ts";
import { type CheckedFile, checkFiles, unknownObjects } from "./verify.ts";

export type { ArchivedRange, CheckedFile, Fetched };

const KINDS: readonly Kind[] = ["numeric", "waveform"];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_RUN_MS = 5 * 60_000;
/** A query that was answered from a file's rows before they went may still read the file. */
const READERS_MAY_TAKE_MS = HOUR_MS;
/** Read and compared again in each run: a file is looked at long before somebody needs it. */
const CHECKED_BYTES_PER_RUN = 64 << 20;

export interface ArchiveOptions {
  readonly runtime: Runtime;
  /** Role `worker`. */
  readonly worker: Pool;
  /** undefined: nothing is moved. @param isNew nothing has been archived yet */
  readonly store: (isNew: boolean) => Promise<ObjectStore | undefined>;
  readonly retention: Retention;
  readonly cacheBytes: number;
  /** Told when blocks had their time and are gone from the database. */
  readonly onExpired?: () => void;
  readonly log: ArchiveLog;
}

export interface ArchiveRun {
  /** Blocks that moved to the archive. */
  readonly moved: number;
  /** Blocks whose time to be kept was over. */
  readonly expired: number;
  readonly filesRemoved: number;
}

export interface Archive {
  readonly state: ArchiveState;
  /** Is everything of this kind from `from` on in PostgreSQL? Then the archive need not be asked. */
  isOnlyHot(kind: Kind, from: number): boolean;
  /** @throws OutsideTrouble ARCHIVE_UNREACHABLE, DATABASE_UNREACHABLE */
  fetch(ranges: readonly ArchivedRange[]): Promise<Fetched[]>;
  /** Every hour from now on. */
  start(): void;
  /** What is due, now. @param everything also what does not fill a file. Rejects with the trouble of the outside. */
  run(options?: { readonly everything: boolean }): Promise<ArchiveRun>;
  /** Reads every file, and lists objects that no row knows. */
  verify(): Promise<{ files: CheckedFile[]; unknown: string[] }>;
  statistics(): Promise<{ files: number; bytes: number; damagedFiles: number }>;
  readonly damagedFiles: number;
  close(): Promise<void>;
}

/** Opens what was archived before, whether it can be reached or not. @throws the database's errors */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const { runtime, worker, retention, log } = options;
  const { clock, timers } = runtime;
  const catalogue = new Catalogue(worker);
  const before = await catalogue.summary();
  const damaged = new Set(before.damaged);
  /** Nothing that begins later is in the archive. */
  const newest = { numeric: Number.NEGATIVE_INFINITY, waveform: Number.NEGATIVE_INFINITY, ...before.newest };
  const store = await options.store(before.files === 0);
  let isFailing = false;
  let timer: Timer | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const pause = () => new Promise<void>((resolve) => void timers.after(0, resolve));
  const dayBefore = (now: number, days: number) => Math.floor((now - days * DAY_MS) / DAY_MS) * DAY_MS;
  const onChecked = (fileId: number, isDamaged: boolean) => {
    if (isDamaged) damaged.add(fileId);
    else damaged.delete(fileId);
  };
  const reader = new ArchiveReader({
    store,
    catalogue,
    cacheBytes: options.cacheBytes,
    onAnswer(isReachable) {
      if (isReachable !== isFailing) return;
      isFailing = !isReachable;
      if (isFailing) log.error({ archive: store?.name }, "the archive does not answer; older readings cannot be shown");
      else log.info({ archive: store?.name }, "the archive answers again");
    },
    onDamaged(fileId, fault) {
      if (damaged.has(fileId)) return;
      damaged.add(fileId);
      log.error({ fileId, reason: fault.message }, "an archive file is damaged; its blocks are left out");
      catalogue.checked(fileId, clock.now(), true).catch((error: unknown) => {
        log.warn({ fileId, reason: (error as Error).message }, "that an archive file is damaged could not be recorded");
      });
    },
  });

  const removeFiles = async (now: number): Promise<number> => {
    await catalogue.retire(now);
    let removed = 0;
    for (const file of store ? await catalogue.removable(now - READERS_MAY_TAKE_MS) : []) {
      await store?.remove(file.key);
      await catalogue.removed(file.id);
      damaged.delete(file.id);
      removed++;
    }
    return removed;
  };

  const work = async (everything: boolean): Promise<ArchiveRun> => {
    const now = clock.now();
    let expired = 0;
    for (const kind of KINDS) {
      const days = retention.keepDays[kind];
      const gone = days > 0 ? await deleteExpired(worker, kind, dayBefore(now, days), now) : 0;
      if (gone > 0) options.onExpired?.();
      expired += gone;
    }
    const filesRemoved = await removeFiles(now);
    let moved = 0;
    if (store) {
      // Loaded with the first run: the Parquet library is nothing that a start waits for.
      const { archiveKind } = await import("./archiver.ts");
      const fetch = (ranges: readonly ArchivedRange[]) => reader.fetch(ranges);
      const archiver = { runtime, catalogue, store, fetch, pause };
      for (const kind of KINDS) {
        const edge = dayBefore(now, retention.hotDays[kind]);
        newest[kind] = Math.max(newest[kind], edge);
        moved += await archiveKind(kind, edge, everything, archiver);
      }
      await checkFiles({ catalogue, store, now, log, pause, onChecked }, CHECKED_BYTES_PER_RUN);
    }
    return { moved, expired, filesRemoved };
  };

  const run = async (everything: boolean): Promise<ArchiveRun> => {
    const next = running.then(() => work(everything));
    running = next.catch(() => {});
    try {
      const done = await next;
      isFailing = false;
      if (done.moved + done.expired > 0) log.info({ ...done }, "older blocks were moved or had their time");
      return done;
    } catch (error) {
      isFailing = true;
      throw error;
    }
  };
  const runNow = () =>
    void run(false).catch((error: unknown) =>
      log.error(
        { reason: (error as Error).message },
        "archiving did not go through; nothing is lost, next try in an hour",
      ),
    );

  return {
    get state() {
      if (damaged.size > 0) return "damaged";
      if (isFailing) return "failing";
      return store ? "ok" : "off";
    },
    get damagedFiles() {
      return damaged.size;
    },
    isOnlyHot(kind, from) {
      // A day more than the edge, so that a query that is on its way while the edge moves on is right as well.
      const edge = clock.now() - (retention.hotDays[kind] - 1) * DAY_MS;
      return from > Math.max(newest[kind], store ? edge : Number.NEGATIVE_INFINITY);
    },
    fetch: (ranges) => reader.fetch(ranges),
    start() {
      timer = timers.after(FIRST_RUN_MS, () => {
        runNow();
        timer = timers.every(HOUR_MS, runNow);
      });
    },
    run: (how) => run(how?.everything ?? false),
    async verify() {
      if (!store) return { files: [], unknown: [] };
      const check = { catalogue, store, now: clock.now(), log, pause, onChecked };
      const files = await checkFiles(check, Number.POSITIVE_INFINITY);
      return { files, unknown: await unknownObjects(catalogue, store) };
    },
    async statistics() {
      const { files, bytes } = await catalogue.summary();
      return { files, bytes, damagedFiles: damaged.size };
    },
    async close() {
      timer?.cancel();
      await running;
      store?.close();
    },
  };
}
