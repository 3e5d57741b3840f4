import type { PatientView, Task } from "@openward/model";
import type { Measured } from "./ports.ts";
import { type Occurrence, occurrencesOf } from "./task.ts";

/** So many readings of one signal are looked at for one time: one is enough. */
const ONE = 1;

export interface Due extends Occurrence {
  /** When it was measured; null: not yet, or not at all. */
  readonly doneAt: number | null;
}

/** Times of a task, and which of them were done by a reading that came in, by whatever device. */
export async function dueOf(
  measured: Measured,
  view: PatientView,
  task: Task,
  from: number,
  to: number,
): Promise<Due[]> {
  const occurrences = occurrencesOf(task, from, to);
  if (occurrences.length === 0) return [];
  const streamIds = (await measured.streams(view, task.patientId))
    .map(({ stream }) => stream)
    .filter(({ kind, signal }) => kind === "numeric" && signal === task.signal)
    .map(({ id }) => id);
  const due: Due[] = [];
  for (const occurrence of occurrences) {
    const span = { from: occurrence.from, to: occurrence.to };
    const [reading] =
      streamIds.length === 0
        ? []
        : await measured.readings(view, {
            patientId: task.patientId,
            streamIds,
            ...span,
            order: "ascending",
            limit: ONE,
          });
    due.push({ ...occurrence, doneAt: reading?.time ?? null });
  }
  return due;
}
