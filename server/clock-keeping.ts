import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { ClockState, PatientView, Principal } from "@openward/model";
import type { Timers } from "@openward/runtime";

interface Learnt {
  readonly deviceId: string;
  readonly track: unknown;
  readonly through: number;
}

/** What was sent between two arrivals, run again by what is known today; the same shape as in server/reprocess. */
type Reprocess = (
  view: PatientView,
  request: {
    readonly from: number;
    readonly to: number;
    readonly deviceId: string;
    readonly patientId: null;
    readonly apply: { readonly reason: string; readonly confirm: string } | null;
  },
) => Promise<{
  readonly code: string;
  readonly summary: { readonly counts: { readonly added: number; readonly changed: number; readonly missing: number } };
}>;

export interface ClockKeeping {
  /** What came before this was known of the clock is placed anew, behind everything else; again is harmless. */
  decided(state: ClockState): void;
  stop(): Promise<void>;
}

const SAVED_EVERY_MS = 5 * 60_000;
/** A message that was on its way when the clock was seen first. */
const AROUND_MS = 60_000;
const AGAIN_MS = 2_000;
const TRIES = 100;

/**
 * Saves what is learnt of clocks, so that a start need not learn it anew; and places anew what came before a clock's error was
 * known: as every second look at what was sent, by amendments that leave the original (docs/adr/0025).
 */
export function keepClocks({
  timers,
  learnt,
  save,
  reprocess,
  whole,
  report,
}: {
  readonly timers: Pick<Timers, "after" | "every">;
  readonly learnt: () => Iterable<Learnt>;
  readonly save: (learnt: readonly Learnt[]) => Promise<void>;
  readonly reprocess: Reprocess;
  /** Resolves when everything that was stored can be asked for. */
  readonly whole: () => Promise<void>;
  readonly report: (error: unknown, doing: string) => void;
}): ClockKeeping {
  let saving: Promise<void> = Promise.resolve();
  let placing: Promise<void> = Promise.resolve();
  let isStopped = false;

  function saveAll(): Promise<void> {
    saving = saving.then(() => save([...learnt()])).catch((error: unknown) => report(error, "saving clocks"));
    return saving;
  }

  async function placeAnew(state: ClockState): Promise<void> {
    await whole();
    const { deviceId, organisationId, kind, sequence, from, after, decidedAt } = state;
    const span = { from: (after ?? from) - AROUND_MS, to: decidedAt + 1, deviceId, patientId: null };
    const why = state.because === undefined ? "" : ` (${state.because})`;
    const reason = `the clock of the device was wrong: ${kind ?? "drift"}, state ${sequence}${why}`;
    for (let n = 0; n < TRIES && !isStopped; n++) {
      try {
        const view = viewOfAll(organisationId);
        const { code, summary } = await reprocess(view, { ...span, apply: null });
        const { added, changed, missing } = summary.counts;
        if (added + changed + missing === 0) return;
        await reprocess(view, { ...span, apply: { reason, confirm: code } });
        return;
      } catch (error) {
        // Somebody else's run is under way, or the database is away.
        const isPassing =
          error instanceof OutsideTrouble || (error instanceof RefusedInput && error.code === "CONFLICT");
        if (!isPassing) throw error;
        await new Promise<void>((resolve) => void timers.after(AGAIN_MS, resolve));
      }
    }
  }

  const timer = timers.every(SAVED_EVERY_MS, () => void saveAll());
  return {
    decided(state) {
      // What holds from now on leaves what was placed before where it is.
      if (state.leadsTo !== "corrected" || state.appliesFrom !== null) return;
      placing = placing
        .then(() => (isStopped ? undefined : placeAnew(state)))
        .catch((error: unknown) => report(error, "placing anew what came under a wrong clock"));
    },
    async stop() {
      isStopped = true;
      timer.cancel();
      await saveAll();
    },
  };
}

function viewOfAll(organisationId: string): PatientView {
  const principal: Principal = {
    kind: "system",
    id: "system",
    display: "Openward",
    organisationId,
    role: "integration",
  };
  return { principal, has: () => true, patientIds: () => [], recordsOf: (id) => [id], hiddenOf: () => undefined };
}
