import type { Asking, NumberedEvent, Subscription } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { SubscriptionsDeps } from "./ports.ts";

/** Who is sent the same of the same patients all day is in the log once an hour, not once a second. */
const WINDOW_MS = 3_600_000;

/**
 * What leaves is in the audit log before it leaves: whose, and which types of resource, once for each hour in which they go to one
 * receiver. What exactly went stands under its number in the log of events.
 */
export function createSubscriptionLedger({
  record,
  clock,
}: {
  readonly record: SubscriptionsDeps["record"];
  readonly clock: Pick<Clock, "now">;
}) {
  const windows = new Map<string, { readonly beganAt: number; readonly noted: Set<string> }>();
  return {
    /** @throws OutsideTrouble AUDIT_UNAVAILABLE, and then nothing may leave */
    async leaving(subscription: Subscription, asking: Asking, events: readonly NumberedEvent[]): Promise<void> {
      const now = clock.now();
      let window = windows.get(subscription.id);
      if (!window || now - window.beganAt >= WINDOW_MS) {
        window = { beganAt: now, noted: new Set() };
        windows.set(subscription.id, window);
      }
      const { noted } = window;
      const fresh = new Map<string, { readonly patientId: string; readonly type: string }>();
      for (const { event } of events) {
        if (!event || event.patientId === null || !asking.view.has(event.patientId)) continue;
        const type = event.reference.split("/", 1)[0] ?? "";
        const key = `${event.patientId} ${type}`;
        if (!noted.has(key)) fresh.set(key, { patientId: event.patientId, type });
      }
      if (fresh.size === 0) return;
      await record({
        subscription,
        asking,
        patientIds: [...new Set([...fresh.values()].map(({ patientId }) => patientId))].sort(),
        what: [...new Set([...fresh.values()].map(({ type }) => type))].sort(),
      });
      for (const key of fresh.keys()) noted.add(key);
    },
    forget: (id: string) => void windows.delete(id),
  };
}
