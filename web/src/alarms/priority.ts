import type { AlarmBody } from "@openward/api";

export type Priority = AlarmBody["priority"];

export const PRIORITIES: readonly Priority[] = ["high", "medium", "low"];

const rank: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 };

/** Priority is told by word and mark as well as by colour. */
export const priorityWord: Readonly<Record<Priority, string>> = { high: "HIGH", medium: "MEDIUM", low: "LOW" };
export const priorityMark: Readonly<Record<Priority, string>> = { high: "!!!", medium: "!!", low: "!" };

/** Unanswered before answered, then by priority, then the newest first; ids keep the order stable. */
export function compareAlarms(a: AlarmBody, b: AlarmBody): number {
  return (
    Number(a.state === "acknowledged") - Number(b.state === "acknowledged") ||
    rank[a.priority] - rank[b.priority] ||
    b.raisedAt - a.raisedAt ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Highest priority that nobody has answered; null: none. */
export function highestUnanswered(alarms: Iterable<AlarmBody>): Priority | null {
  let best: Priority | null = null;
  for (const alarm of alarms) {
    if (alarm.state !== "raised") continue;
    if (best === null || rank[alarm.priority] < rank[best]) best = alarm.priority;
  }
  return best;
}

/** Smaller is more urgent: unanswered high, medium, low; then answered high, medium, low; then quiet. */
export function urgencyOf(alarms: readonly AlarmBody[]): number {
  let best = 6;
  for (const alarm of alarms) {
    if (alarm.state === "resolved") continue;
    best = Math.min(best, rank[alarm.priority] + (alarm.state === "acknowledged" ? 3 : 0));
  }
  return best;
}

/** "4" before "12", "A2" before "A10". */
export function compareBeds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true, sensitivity: "base" });
}
