import { RefusedInput } from "@openward/errors";
import type { JournalEntry, PatientView, Standby, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { sees } from "@openward/signals/categories";
import type { Patients, Screens } from "./ports.ts";
import type { Due, Schedule } from "./schedule.ts";

export interface NewStandby {
  /** null: the whole patient. */
  readonly streamId: string | null;
  readonly reason: string;
  readonly minutes: number;
}

/** Watching paused for a reason until a time; it ends by itself. */
export interface StandbyBook {
  start(view: PatientView, patientId: string, standby: NewStandby): Standby;
  end(view: PatientView, patientId: string, standbyId: string): Standby;
  of(view: PatientView, patientId: string): readonly Standby[];
  /** Is raising held back for this patient, or this stream of theirs? */
  covers(patientId: string, streamId: string | null): boolean;
  restore(running: readonly Standby[]): void;
  /** As if they had never been: nothing is written of it. */
  forget(patientId: string): void;
}

const LONGEST_MINUTES = 720;

export function createStandbyBook({
  runtime,
  schedule,
  screens,
  patients,
  write,
  streamOf,
  onEnded,
  report,
}: {
  runtime: Runtime;
  schedule: Schedule;
  screens: Screens;
  patients: Patients;
  write: (entry: JournalEntry) => void;
  /** undefined: it has not been heard since the start. */
  streamOf: (streamId: string) => Stream | undefined;
  onEnded: (patientId: string) => void;
  report: (error: unknown, doing: string) => void;
}): StandbyBook {
  const running = new Map<string, { standby: Standby; due: Due }>();
  const byPatient = new Map<string, Set<Standby>>();

  /** Of a stream that is not known somebody sees who sees everything of the patient. */
  function isShown(view: PatientView, { patientId, streamId }: Pick<Standby, "patientId" | "streamId">): boolean {
    if (!view.has(patientId)) return false;
    const stream = streamId === null ? undefined : streamOf(streamId);
    return stream ? sees(view, stream) : streamId === null || view.hiddenOf(patientId) === undefined;
  }

  function publish(standby: Standby): void {
    const { streamId } = standby;
    try {
      screens.standby(standby, streamId === null ? null : (streamOf(streamId)?.signal ?? "unknown"));
    } catch (error) {
      report(error, "showing a standby");
    }
    write({ kind: "standby", standby });
  }

  function add(standby: Standby, remainingMs: number): void {
    running.set(standby.id, { standby, due: schedule.after(remainingMs, () => finish(standby)) });
    const ofPatient = byPatient.get(standby.patientId) ?? new Set();
    byPatient.set(standby.patientId, ofPatient.add(standby));
  }

  function finish(standby: Standby): Standby {
    running.get(standby.id)?.due.cancel();
    running.delete(standby.id);
    const ofPatient = byPatient.get(standby.patientId);
    ofPatient?.delete(standby);
    if (ofPatient?.size === 0) byPatient.delete(standby.patientId);
    const ended = { ...standby, endedAt: runtime.clock.now() };
    publish(ended);
    onEnded(standby.patientId);
    return ended;
  }

  return {
    start(view, patientId, { streamId, reason, minutes }) {
      const patient = view.has(patientId) ? patients.watched(patientId) : undefined;
      if (!patient) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
      const isTheirs = streamId === null || streamOf(streamId)?.patientId === patientId;
      if (!isTheirs || !isShown(view, { patientId, streamId })) throw new RefusedInput("NOT_FOUND", { at: "streamId" });
      if (reason.trim() === "" || reason.length > 200) {
        throw new RefusedInput("FIELD_INVALID", { at: "reason", expected: "1 to 200 characters" });
      }
      if (!Number.isInteger(minutes) || minutes < 1 || minutes > LONGEST_MINUTES) {
        throw new RefusedInput("FIELD_INVALID", { at: "minutes", expected: `1 to ${LONGEST_MINUTES}` });
      }
      const from = runtime.clock.now();
      const standby: Standby = {
        id: runtime.ids.uuid(),
        organisationId: patient.organisationId,
        patientId,
        streamId,
        reason: reason.trim(),
        from,
        until: from + minutes * 60_000,
        startedBy: view.principal.id,
        endedAt: null,
      };
      add(standby, minutes * 60_000);
      publish(standby);
      return standby;
    },
    end(view, patientId, standbyId) {
      const standby = running.get(standbyId)?.standby;
      if (!standby || standby.patientId !== patientId || !isShown(view, standby)) {
        throw new RefusedInput("NOT_FOUND", { at: "standbyId" });
      }
      return finish(standby);
    },
    of: (view, patientId) => [...(byPatient.get(patientId) ?? [])].filter((standby) => isShown(view, standby)),
    covers(patientId, streamId) {
      const ofPatient = byPatient.get(patientId);
      if (!ofPatient) return false;
      for (const standby of ofPatient) if (standby.streamId === null || standby.streamId === streamId) return true;
      return false;
    },
    forget(patientId) {
      for (const { id } of byPatient.get(patientId) ?? []) {
        running.get(id)?.due.cancel();
        running.delete(id);
      }
      byPatient.delete(patientId);
    },
    restore(standbys) {
      const now = runtime.clock.now();
      for (const standby of standbys) {
        if (standby.endedAt !== null || running.has(standby.id)) continue;
        // However the clock was set meanwhile, nobody is left unwatched for longer than was asked.
        add(standby, Math.max(0, Math.min(standby.until - now, standby.until - standby.from)));
      }
    },
  };
}
