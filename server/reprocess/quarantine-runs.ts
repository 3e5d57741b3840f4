import { RefusedInput } from "@openward/errors";
import type {
  AddedReadings,
  PatientView,
  QuarantineEntry,
  QuarantineFilter,
  QuarantineRunState,
} from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Reprocess, ReprocessReport } from "./index.ts";
import type { Amendments, KeptRow, Restated, Telemetry } from "./ports.ts";

/** What is written down of runs. */
interface Runs {
  open(asker: PatientView["principal"], filter: QuarantineFilter, limit: number): Promise<string[]>;
  begin(run: { id: string; organisationId: string; by: string; reason: string; messages: number }): Promise<void>;
  added(organisationId: string, runId: string, added: readonly AddedReadings[]): Promise<void>;
  end(
    organisationId: string,
    runId: string,
    told: { readonly placed: number; readonly readings: number },
  ): Promise<void>;
  whatWasAdded(
    asker: PatientView["principal"],
    runId: string,
  ): Promise<
    { readonly added: readonly AddedReadings[]; readonly isWhole: boolean; readonly isUndone: boolean } | undefined
  >;
  undo(organisationId: string, runId: string, by: string, reason: string): Promise<number>;
}

/** So many messages at once; the rest with the next run. */
const AT_ONCE = 5_000;
const AGAIN_MS = 1_000;
const TRIES = 60;
const REMEMBERED = 100;
const RESTATED_TOGETHER = 500;

interface Job {
  state: QuarantineRunState;
  readonly by: string;
  readonly organisationId: string;
  readonly ids: readonly string[];
  code: string;
}

/** Quarantined messages, picked or by a filter, run again: first shown, then done with a reason, and undone again. */
export function createQuarantineRuns(deps: {
  readonly runtime: Pick<Runtime, "ids" | "timers">;
  readonly reprocess: Reprocess;
  readonly runs: Runs;
  readonly telemetry: Telemetry;
  readonly amendments: Pick<Amendments, "restate">;
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { runtime, reprocess, runs, telemetry, amendments, report } = deps;
  const jobs = new Map<string, Job>();

  const change = (job: Job, more: Partial<QuarantineRunState>) => {
    job.state = { ...job.state, ...more };
  };

  function jobOf({ principal }: PatientView, id: string): Job {
    const job = jobs.get(id);
    if (!job || job.by !== principal.id || job.organisationId !== principal.organisationId)
      throw new RefusedInput("NOT_FOUND", { at: "id" });
    return job;
  }

  async function run(view: PatientView, job: Job, reason: string | null): Promise<ReprocessReport> {
    const { organisationId, id } = { ...job, id: job.state.id };
    const request = {
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
      deviceId: null,
      patientId: null,
      apply: reason === null ? null : { reason, confirm: job.code },
      quarantine: {
        ids: job.ids,
        runId: id,
        onProgress: (done: number) => change(job, { done }),
        onAdding: (added: readonly AddedReadings[]) => runs.added(organisationId, id, added),
      },
    };
    for (let n = 1; ; n++) {
      try {
        return await reprocess(view, request);
      } catch (error) {
        const isBusy = error instanceof RefusedInput && error.code === "CONFLICT" && error.facts.at === "reprocess";
        if (!isBusy || n >= TRIES) throw error;
        await new Promise<void>((resolve) => void runtime.timers.after(AGAIN_MS, resolve));
      }
    }
  }

  /** Goes on when whoever asked has left the page. */
  function goOn(job: Job, work: () => Promise<void>): QuarantineRunState {
    work().catch((error: unknown) => {
      change(job, { phase: "failed", fault: error instanceof RefusedInput ? error.code : "STORE_UNAVAILABLE" });
      if (!(error instanceof RefusedInput)) report(error, "running quarantined messages again");
    });
    return job.state;
  }

  const told = ({ summary }: ReprocessReport) => ({
    placed: summary.placed,
    stays: [...summary.staying].map(([code, messages]) => ({ code, messages })).sort((a, b) => b.messages - a.messages),
    readings: summary.counts.added + summary.counts.changed,
    byHand: summary.byHand,
    leftAlone: summary.leftAlone,
  });

  return {
    /** Begins to look what would come of them; nothing is changed. */
    async start(view: PatientView, wanted: QuarantineFilter): Promise<QuarantineRunState> {
      const { principal } = view;
      const seen = await runs.open(principal, wanted, AT_ONCE + 1);
      const job: Job = {
        by: principal.id,
        organisationId: principal.organisationId,
        ids: seen.slice(0, AT_ONCE),
        code: "",
        state: {
          id: runtime.ids.uuid(),
          phase: "looking",
          messages: Math.min(seen.length, AT_ONCE),
          done: 0,
          isCut: seen.length > AT_ONCE,
          placed: 0,
          stays: [],
          readings: 0,
          byHand: 0,
          leftAlone: 0,
          fault: null,
        },
      };
      jobs.set(job.state.id, job);
      if (jobs.size > REMEMBERED) jobs.delete(jobs.keys().next().value as string);
      return goOn(job, async () => {
        const found = await run(view, job, null);
        job.code = found.code;
        change(job, { ...told(found), phase: "looked", done: job.state.messages });
      });
    },

    state: (view: PatientView, id: string): QuarantineRunState => jobOf(view, id).state,

    /** Does what was shown. @throws RefusedInput NOT_FOUND, CONFLICT where it is not what was looked at last */
    async apply(view: PatientView, id: string, reason: string): Promise<QuarantineRunState> {
      const job = jobOf(view, id);
      if (job.state.phase !== "looked")
        throw new RefusedInput("CONFLICT", { at: "phase", expected: "a run that was looked at, and not applied yet" });
      change(job, { phase: "applying", done: 0 });
      const { organisationId, ids, by } = job;
      return goOn(job, async () => {
        await runs.begin({ id, organisationId, by, reason, messages: ids.length });
        const done = await run(view, job, reason);
        const placed = done.applied?.resolved ?? 0;
        const readings = (done.applied?.added ?? 0) + (done.applied?.amended ?? 0);
        await runs.end(organisationId, id, { placed, readings });
        change(job, { ...told(done), phase: "applied", placed, readings, done: job.state.messages });
      });
    },

    /**
     * What the run added is entered in error, but for what a person has amended since; its messages are open again.
     *
     * @throws RefusedInput NOT_FOUND where it tells of patients whom the asker may not see, CONFLICT where it was undone
     */
    async undo(
      view: PatientView,
      runId: string,
      reason: string,
    ): Promise<{ readonly opened: number; readonly amended: number; readonly leftAlone: number }> {
      const { organisationId, id, display } = view.principal;
      const what = await runs.whatWasAdded(view.principal, runId);
      if (!what?.isWhole) throw new RefusedInput("NOT_FOUND", { at: "id" });
      if (what.isUndone) throw new RefusedInput("CONFLICT", { at: "id", expected: "a run that nobody has undone" });
      const author = { id, display, reason: `undone: ${reason}` };
      const sums = { amended: 0, leftAlone: 0 };
      for (const each of what.added) {
        const restated = await restatedOf(view, each);
        for (let i = 0; i < restated.length; i += RESTATED_TOGETHER) {
          const part = await amendments.restate(organisationId, restated.slice(i, i + RESTATED_TOGETHER), author);
          sums.amended += part.amended;
          sums.leftAlone += part.leftAlone;
        }
      }
      // Only now are its messages open again: where this ends in the midst, undoing it again does the rest.
      return { opened: await runs.undo(organisationId, runId, id, reason), ...sums };
    },
  };

  async function restatedOf(view: PatientView, { streamId, times }: AddedReadings): Promise<Restated[]> {
    const stream = telemetry.known(view, streamId);
    if (!stream || times.length === 0) return [];
    const wanted = new Set(times);
    const span = { from: Math.min(...times), to: Math.max(...times) + 1, isDescending: false };
    const restated: Restated[] = [];
    for await (const column of telemetry.columns(view, streamId, span)) {
      for (let i = 0; i < column.times.length; i++) {
        const time = column.times[i] as number;
        if (!wanted.has(time)) continue;
        const received = column.values[i] as number;
        restated.push({
          stream,
          from: time,
          to: time + 1,
          received,
          ordinal: column.ordinals[i] as number,
          becomes: null,
        });
      }
    }
    return restated;
  }
}

export type QuarantineRuns = ReturnType<typeof createQuarantineRuns>;

/** Quarantined messages as rows of the journal, so many at a time. */
export async function* quarantinedRows(
  ids: readonly string[],
  entriesOf: (ids: readonly string[]) => Promise<readonly (QuarantineEntry & { readonly isExpired: boolean })[]>,
): AsyncGenerator<KeptRow> {
  for (let i = 0; i < ids.length; i += ROWS_TOGETHER) {
    for (const { isExpired, ...entry } of await entriesOf(ids.slice(i, i + ROWS_TOGETHER))) {
      const nothing = { messages: [], deliveries: [], readings: [], waveforms: [], events: [], faults: [] };
      // Without its bytes it is skipped, as a message is that says something of its device.
      const quarantined = [isExpired ? { ...entry, kind: "status" as const } : entry];
      yield { position: 0, ...nothing, quarantined };
    }
  }
}

const ROWS_TOGETHER = 100;
