import type { Feed } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Told } from "./events.ts";
import type { Batch } from "./follow.ts";
import type { RecordSending } from "./ports.ts";

/** Who is sent the same kinds of the same patients all day is in the log once an hour, not once a second. */
const WINDOW_MS = 3_600_000;

interface Window {
  readonly beganAt: number;
  /** "patient signal" */
  readonly noted: Set<string>;
}

/**
 * What leaves is in the audit log before it leaves: whose, and which signals and kinds, once for each hour in which they go to one
 * receiver. What exactly went is in the journal, between the cursors.
 */
export function createLedger({ record, clock }: { record: RecordSending; clock: Pick<Clock, "now"> }) {
  const windows = new Map<string, Window>();

  return {
    /** @throws OutsideTrouble AUDIT_UNAVAILABLE, and then nothing may leave */
    async leaving(feed: Feed, { owner, told }: Pick<Batch, "owner" | "told">): Promise<void> {
      const now = clock.now();
      let window = windows.get(feed.id);
      if (!window || now - window.beganAt >= WINDOW_MS) {
        window = { beganAt: now, noted: new Set() };
        windows.set(feed.id, window);
      }
      const { noted } = window;
      const fresh = told.filter((one) => one.patientId !== null && !noted.has(keyOf(one)));
      if (fresh.length === 0) return;
      await record({
        feed,
        owner,
        patientIds: [...new Set(fresh.map(({ patientId }) => patientId as string))].sort(),
        what: [...new Set(fresh.map(whatOf))].sort(),
      });
      for (const one of fresh) noted.add(keyOf(one));
    },
    forget: (feedId: string) => void windows.delete(feedId),
  };
}

export type Ledger = ReturnType<typeof createLedger>;

const whatOf = ({ event, signal }: Told): string => signal ?? event.type;
const keyOf = (one: Told): string => `${one.patientId} ${whatOf(one)} ${one.event.type}`;
