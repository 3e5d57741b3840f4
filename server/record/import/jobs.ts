import type { OperationOutcome } from "@medplum/fhirtypes";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { BulkOwner, ImportCursor, ImportFile, ImportJob, ImportRequest, ImportStore } from "@openward/model";
import type { Ids, Timers } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import type { RecordContext } from "../context.ts";
import { fetchFile } from "./fetch.ts";
import { linesOf } from "./lines.ts";
import { inOrder } from "./order.ts";
import type { Downloads, ImportRecord } from "./ports.ts";
import type { Line, Taken } from "./take.ts";

/** The outcome is kept so long after the end. */
export const KEPT_MS = 24 * 3_600_000;
/** Whatever is not done by then never will be. */
const RUNNING_MS_MAX = 7 * 24 * 3_600_000;
const RUNNING_MAX = 4;
/** Written by one transaction. */
const TOGETHER_LINES = 200;
const TOGETHER_BYTES = 2_000_000;
/** Of each file so many outcomes are kept; all are counted. */
export const OUTCOMES_MAX = 10_000;
const SWEEP_EVERY_MS = 60_000;
const RETRY_MS = 5_000;

/** Imports, one after the other; what a stopped server had begun goes on where it was. */
export interface Imports {
  readonly downloads: Downloads;
  /** @throws RefusedInput RATE_LIMITED */
  begin(owner: BulkOwner, request: ImportRequest): Promise<ImportJob>;
  /** @throws RefusedInput NOT_FOUND, also of somebody else's */
  find(owner: BulkOwner, id: string): Promise<ImportJob>;
  /** What was written stays. */
  cancel(owner: BulkOwner, id: string): Promise<void>;
  readonly store: ImportStore;
  start(): void;
  stop(): Promise<void>;
}

export interface ImportDeps {
  readonly store: ImportStore;
  readonly downloads: Downloads;
  /** In whose name it is written, as it may be in that moment. */
  readonly contextOf: (owner: BulkOwner, base: string) => Promise<RecordContext>;
  /** Does the access still run by which it was asked for? */
  readonly isStanding: (owner: BulkOwner) => Promise<boolean>;
  readonly hasRoom: () => boolean;
  readonly clock: { now(): number };
  readonly timers: Timers;
  readonly turn: Turn;
  readonly ids: Ids;
  /** What was written. @throws OutsideTrouble AUDIT_UNAVAILABLE */
  readonly record: (record: ImportRecord) => Promise<void>;
  readonly report: (error: unknown, doing: string) => void;
}

export function createImports(deps: ImportDeps): Imports {
  const { store, downloads, clock, timers, ids, report } = deps;
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
        if (isStopped) return;
        report(error, "importing");
        timers.after(RETRY_MS, work);
      })
      .finally(() => {
        running = undefined;
        if (isAsked) work();
      });
  };

  /** Between any two pieces. */
  const check = (): void => {
    if (isStopped) throw new OutsideTrouble("STORE_UNAVAILABLE", true);
    if (!deps.hasRoom()) throw new OutsideTrouble("DISK_FULL", true);
  };

  async function make(begun: ImportJob): Promise<void> {
    try {
      const fetched = begun.cursor ? begun : await fetchAll(begun);
      const done = fetched && (await write(fetched));
      if (done) await store.end(begun.id, "done", null, clock.now() + KEPT_MS);
    } catch (error) {
      // What may come right by itself is tried again from where it was; anything else would hold up those behind it.
      if (error instanceof OutsideTrouble) throw error;
      const code: RefusalCode = error instanceof RefusedInput ? error.code : "INTERNAL_ERROR";
      report(error, "an import could not be made");
      await store.end(begun.id, "failed", code, clock.now() + KEPT_MS);
    }
  }

  async function fetchAll(begun: ImportJob): Promise<ImportJob | undefined> {
    let job: ImportJob | undefined = begun;
    for (const file of begun.files.keys()) {
      const { state } = job.files[file] as ImportFile; // one for each input
      if (state === "fetched" || state === "failed") continue;
      await needStanding(begun.owner);
      job = await fetchFile({ ...deps, newId: () => ids.uuid(), check }, job, file);
      if (!job) return undefined;
    }
    return next(job, { round: 1, at: 0, piece: 0, line: 0, waiting: 0, isLast: false });
  }

  const next = (job: ImportJob, cursor: ImportCursor): Promise<ImportJob | undefined> =>
    store.step(job, { cursor, files: job.files, file: 0, lines: [], settled: [], made: [] });

  /** Round after round, until nothing waits, or nothing came of the round before. @returns undefined: the job is gone */
  async function write(begun: ImportJob): Promise<ImportJob | undefined> {
    let job: ImportJob | undefined = begun;
    const order = inOrder(begun.request.inputs.map(({ type }) => type));
    for (;;) {
      job = await writeRound(job, order);
      if (!job) return undefined;
      const waiting = await store.countWaiting(job.id);
      const { round, waiting: before, isLast } = job.cursor as ImportCursor; // files are fetched
      if (waiting === 0 || isLast) return job;
      const start = { at: 0, piece: 0, line: 0 };
      job = await next(job, { ...start, round: round + 1, waiting, isLast: round > 1 && waiting === before });
      if (!job) return undefined;
    }
  }

  async function writeRound(begun: ImportJob, order: readonly number[]): Promise<ImportJob | undefined> {
    let job: ImportJob | undefined = begun;
    const { at, piece: firstPiece, line: firstLine } = begun.cursor as ImportCursor; // files are fetched
    for (let place = at; place < order.length; place++) {
      const file = order[place] ?? 0;
      const { pieces } = job.files[file] as ImportFile; // one for each input
      for (let number = place === at ? firstPiece : 0; number < pieces; number++) {
        const after = place === at && number === firstPiece ? firstLine : 0;
        job = await writePiece(job, { place, file, number, after });
        if (!job) return undefined;
      }
    }
    return job;
  }

  async function writePiece(
    begun: ImportJob,
    { place, file, number, after }: { place: number; file: number; number: number; after: number },
  ): Promise<ImportJob | undefined> {
    let job: ImportJob | undefined = begun;
    const { round } = begun.cursor as ImportCursor; // files are fetched
    const piece = await store.piece(job, file, number);
    const last = piece.firstLine + piece.lines - 1;
    const waiting = round === 1 ? undefined : new Set(await store.waiting(job.id, file, piece.firstLine, last));
    if (waiting?.size === 0) return job;
    const todo: Line[] = [];
    for (const one of linesOf(piece)) if (one.line > after && waiting?.has(one.line) !== false) todo.push(one);
    for (const batch of batchesOf(todo)) {
      check();
      const line = batch.at(-1)?.line ?? last;
      job = await writeBatch(job, { ...(job.cursor as ImportCursor), at: place, piece: number, line }, file, batch); // files are fetched
      if (!job) return undefined;
    }
    return job;
  }

  async function writeBatch(
    job: ImportJob,
    cursor: ImportCursor,
    file: number,
    batch: readonly Line[],
  ): Promise<ImportJob | undefined> {
    const { owner, request, begunAt } = job;
    await needStanding(owner);
    const { takeLines } = await import("./take.ts");
    const context = await deps.contextOf(owner, request.base);
    const { type = "" } = request.inputs[file] ?? {};
    const taken = await takeLines(context, batch, {
      ...{ type, source: request.source, since: begunAt, mayWait: !cursor.isLast },
      names: (theirs) => store.names(owner.organisation.id, request.source, theirs),
      newId: () => ids.uuid(),
      report: (error) => report(error, "writing a line of an import"),
    });
    const written = taken.filter((one) => "id" in one);
    const namesOf = (kind: Taken["kind"]) =>
      written.filter((one) => one.kind === kind).map(({ id }) => `${type}/${id}`);
    const [created, updated] = [namesOf("created"), namesOf("updated")];
    const patientIds = [...new Set(written.flatMap((one) => one.patientIds))].sort();
    if (created.length + updated.length > 0)
      await deps.record({ owner, jobId: job.id, type, created, updated, patientIds });
    const before = job.files[file] as ImportFile; // one for each input
    const now = countedWith(before, taken);
    const room = Math.max(0, OUTCOMES_MAX - before.refused);
    const refused = taken.filter((one) => one.kind === "refused");
    return store.step(job, {
      cursor,
      files: job.files.map((one, i) => (i === file ? now : one)),
      file,
      settled: cursor.round === 1 ? [] : taken.filter(({ kind }) => kind !== "waits").map(({ line }) => line),
      lines: [
        ...taken.filter(({ kind }) => kind === "waits").map(({ line }) => ({ line, outcome: null })),
        ...refused.slice(0, room).map(({ line, outcome }) => ({ line, outcome: toldOf(outcome, file, line) })),
      ],
      made: written.map(({ theirs, id, patientIds: about }) => ({ type, theirs, id, about: about[0] ?? null })),
    });
  }

  /** What ended is not gone on with, and what was not written is not passed off as refused. */
  async function needStanding(owner: BulkOwner): Promise<void> {
    if (!(await deps.isStanding(owner))) throw new RefusedInput("NOT_SIGNED_IN");
  }

  const mine = async (owner: BulkOwner, id: string): Promise<ImportJob> => {
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
    downloads,
    store,
    async begin(owner, request) {
      if ((await store.countRunning(owner)) >= RUNNING_MAX)
        throw new RefusedInput("RATE_LIMITED", {
          at: "http.url",
          expected: `at most ${RUNNING_MAX} imports at a time`,
          retryAfterS: 60,
        });
      const now = clock.now();
      const files = request.inputs.map(({ type }) => ({ ...NOTHING_YET, type }));
      const job = { id: ids.uuid(), owner, request, begunAt: now, expiresAt: now + RUNNING_MS_MAX, files };
      await store.begin(job);
      work();
      return { ...job, state: "running", refusal: null, cursor: null };
    },
    find: mine,
    async cancel(owner, id) {
      await store.remove((await mine(owner, id)).id);
    },
    start() {
      work();
      sweep = timers.every(SWEEP_EVERY_MS, () => {
        store.removeExpired(clock.now()).catch((error: unknown) => report(error, "removing imports past their time"));
      });
    },
    async stop() {
      isStopped = true;
      sweep?.cancel();
      await running;
    },
  };
}

const NOTHING_YET: Omit<ImportFile, "type"> = {
  ...{ state: "waiting", tag: "", lines: 0, bytes: 0, pieces: 0, storedBytes: 0 },
  ...{ created: 0, updated: 0, unchanged: 0, refused: 0 },
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function* batchesOf(lines: readonly Line[]): Generator<readonly Line[]> {
  let batch: Line[] = [];
  let bytes = 0;
  for (const one of lines) {
    batch.push(one);
    bytes += one.text.length;
    if (batch.length < TOGETHER_LINES && bytes < TOGETHER_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function countedWith(file: ImportFile, taken: readonly Taken[]): ImportFile {
  const count = { created: file.created, updated: file.updated, unchanged: file.unchanged, refused: file.refused };
  for (const { kind } of taken) if (kind !== "waits") count[kind]++;
  return { ...file, ...count };
}

/** Where it stands: of which file, counted as FHIRPath does, and in which line, counted from 1. */
function toldOf(outcome: OperationOutcome, file: number, line: number): string {
  const issue = outcome.issue.map((one) => ({ ...one, diagnostics: `input[${file}], line ${line}` }));
  return JSON.stringify({ ...outcome, id: undefined, issue });
}
