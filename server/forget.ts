import type { Timers } from "@openward/runtime";

interface Erased {
  readonly patientId: string;
  readonly organisationId: string;
}

/** Longer than a commit may be under way: what it brings is deleted behind it. */
const SETTLE_MS = 5_000;

/**
 * Patients whom another process has erased, by the command line: nothing of them stays in this one's memory, and what was
 * under way to the database when their rows were deleted is deleted behind it.
 */
export function createForgetting(deps: {
  /** The key store: who was erased since it was asked last. */
  readonly refresh: () => readonly Erased[];
  readonly watch: { forget(patientId: string): void };
  readonly telemetry: { forget(patientId: string): readonly string[]; seal(): Promise<unknown> };
  /** Deletes the rows of patients, and of these streams. */
  readonly eraseRows: (erased: readonly Erased[], streamIds: readonly string[]) => Promise<unknown>;
  readonly timers: Timers;
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { refresh, watch, telemetry, eraseRows, timers, report } = deps;
  let isStopped = false;

  const eraseAgain = (erased: readonly Erased[], streamIds: readonly string[]) => {
    timers.after(SETTLE_MS, () => {
      if (isStopped) return;
      // A sealing that had begun ends first.
      telemetry
        .seal()
        .catch(() => {})
        .then(() => eraseRows(erased, streamIds))
        .catch((error: unknown) => {
          report(error, "erasing what was under way");
          eraseAgain(erased, streamIds);
        });
    });
  };

  return {
    /** Whenever a patient has changed. */
    look(): void {
      const erased = refresh();
      if (erased.length === 0) return;
      const streamIds: string[] = [];
      for (const { patientId } of erased) {
        watch.forget(patientId);
        streamIds.push(...telemetry.forget(patientId));
      }
      eraseAgain(erased, streamIds);
    },
    stop(): void {
      isStopped = true;
    },
  };
}
