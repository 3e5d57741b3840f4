import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { BulkJob, BulkOwner, BulkPiece, BulkRequest, BulkStore, PatientView, StoredPiece } from "@openward/model";
import type { Ids, Timers } from "@openward/runtime";
import { isHidden } from "@openward/signals/categories";
import type { RecordContext } from "../context.ts";

/** Kept so long after it was asked for. */
export const KEPT_MS = 24 * 3_600_000;
const RUNNING_MAX = 4;
/** Pieces are put down together: a flush of the disk for each would be most of the work. */
const TOGETHER_BYTES = 4_000_000;
const TOGETHER_PIECES = 200;
const SWEEP_EVERY_MS = 60_000;
const RETRY_MS = 5_000;

/** Exports, one after the other; what a stopped server had begun goes on where it was. */
export interface Bulk {
  /** @throws RefusedInput RATE_LIMITED */
  begin(owner: BulkOwner, request: BulkRequest): Promise<BulkJob>;
  /** @throws RefusedInput NOT_FOUND, also of somebody else's */
  find(owner: BulkOwner, id: string): Promise<BulkJob>;
  cancel(owner: BulkOwner, id: string): Promise<void>;
  /** Pieces that the owner may still be told. */
  pieces(owner: BulkOwner, view: PatientView, id: string, file?: number): Promise<readonly StoredPiece[]>;
  read(id: string, piece: StoredPiece): Promise<Buffer>;
  start(): void;
  stop(): Promise<void>;
}

export interface BulkDeps {
  readonly store: BulkStore;
  /** What an export is made from, as it may be seen in that moment. */
  readonly contextOf: (owner: BulkOwner, base: string) => Promise<RecordContext>;
  readonly clock: { now(): number };
  readonly timers: Timers;
  readonly ids: Ids;
  /** Before pieces of patients are put down: who looks at whom. */
  readonly record: (
    owner: BulkOwner,
    jobId: string,
    patientIds: readonly string[],
    types: readonly string[],
  ) => Promise<void>;
  readonly report: (error: unknown, doing: string) => void;
}

export function createBulk({ store, contextOf, clock, timers, ids, record, report }: BulkDeps): Bulk {
  let isStopped = false;
  let running: Promise<void> | undefined;
  let isAsked = false;
  let sweep: { cancel(): void } | undefined;

  const work = (): void => {
    isAsked = true;
    if (running || isStopped) return;
    running = (async () => {
      while (isAsked && !isStopped) {
        isAsked = false;
        for (const job of await store.running()) if (!isStopped) await make(job);
      }
    })()
      .catch((error: unknown) => {
        report(error, "exporting");
        if (!isStopped) timers.after(RETRY_MS, work);
      })
      .finally(() => {
        running = undefined;
        if (isAsked) work();
      });
  };

  async function make(begun: BulkJob): Promise<void> {
    const { piecesOf } = await import("./pieces.ts");
    let job: BulkJob | undefined = begun;
    let waiting: BulkPiece[] = [];
    let bytes = 0;
    const put = async () => {
      if (!job || waiting.length === 0) return;
      const patientIds = [...new Set(waiting.flatMap((piece) => piece.patientIds))].sort();
      await record(job.owner, job.id, patientIds, [...new Set(waiting.map(({ type }) => type))]);
      job = await store.add(job, waiting);
      waiting = [];
      bytes = 0;
    };
    try {
      const context = await contextOf(job.owner, job.request.base);
      const sawSome = context.view.patientIds().length > 0;
      // Whoever's access has ended sees nobody: what would be left out then is not passed off as everything.
      const check = () => {
        if (sawSome && context.view.patientIds().length === 0) throw new RefusedInput("NOT_SIGNED_IN");
      };
      for await (const piece of piecesOf(context, job.request, job.cursor)) {
        waiting.push(piece);
        bytes += piece.text.length;
        const isWhole = piece.cursor.part !== "more";
        if (isWhole && (bytes >= TOGETHER_BYTES || waiting.length >= TOGETHER_PIECES)) {
          check();
          await put();
        }
        // Cancelled, or past its time.
        if (isStopped || !job) return;
      }
      check();
      await put();
      if (job) await store.end(job.id, "done");
    } catch (error) {
      // What may come right by itself is tried again from where it was; anything else would hold up those behind it.
      if (error instanceof OutsideTrouble) throw error;
      report(error, "an export could not be made");
      await store.end(begun.id, "failed");
    }
  }

  const mine = async (owner: BulkOwner, id: string): Promise<BulkJob> => {
    const job = UUID.test(id) ? await store.find(id) : undefined;
    const isTheirs =
      job !== undefined &&
      job.owner.principal.id === owner.principal.id &&
      job.owner.organisation.id === owner.organisation.id &&
      job.owner.app?.clientId === owner.app?.clientId;
    if (!isTheirs || job.expiresAt <= clock.now()) throw new RefusedInput("NOT_FOUND");
    return job;
  };

  return {
    async begin(owner, request) {
      if ((await store.countRunning(owner)) >= RUNNING_MAX)
        throw new RefusedInput("RATE_LIMITED", {
          at: "http.url",
          expected: `at most ${RUNNING_MAX} exports at a time`,
          retryAfterS: 60,
        });
      const now = clock.now();
      const job = { id: ids.uuid(), owner, request, transactionTime: now, expiresAt: now + KEPT_MS };
      await store.begin(job);
      work();
      return { ...job, state: "running", cursor: null, files: [] };
    },
    find: mine,
    async cancel(owner, id) {
      await store.remove((await mine(owner, id)).id);
    },
    async pieces(owner, view, id, file) {
      return (await store.pieces(owner, id, file)).filter((piece) => isTold(view, piece));
    },
    read: store.read,
    start() {
      work();
      sweep = timers.every(SWEEP_EVERY_MS, () => {
        store.removeExpired(clock.now()).catch((error: unknown) => report(error, "removing exports past their time"));
      });
    },
    async stop() {
      isStopped = true;
      sweep?.cancel();
      await running;
    },
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** May these lines be given to who asks now? Grants and consent may be others than when they were made. */
export function isTold(view: PatientView, { patientIds, signal, isWritten }: StoredPiece): boolean {
  return patientIds.every(
    (id) => view.has(id) && !(isWritten && view.hiddenOf(id)) && !(signal !== null && isHidden(view, id, signal)),
  );
}
