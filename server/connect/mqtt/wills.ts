import type { DeviceMessage, Ingest } from "../ports.ts";
import type { MqttLimits } from "./limits.ts";
import type { Session } from "./session.ts";

/** What a device wants said of it when its connection breaks. */
export interface Will extends Omit<DeviceMessage, "receivedAt" | "deliveryKey" | "isRedelivery"> {
  /** Seconds between the break and the message. */
  readonly delayS: number;
}

const RETRY_TICKS = 5;
const GIVE_UP_TICKS = 600;

/** Wills that are due later, and those whose commit failed; one tick is a second. */
export interface Wills {
  /** The connection broke. */
  schedule(session: Session, will: Will, tick: number): void;
  /** The device is back on the same session before its will was due. */
  cancel(session: Session): void;
  /** The session ended: a will that waits is due now. */
  hasten(session: Session): void;
  /** Access has ended: nothing more is said in its name. */
  drop(session: Session): void;
  sweep(tick: number): void;
  readonly size: number;
}

export function createWills({
  ingest,
  now,
  limits,
  isActive,
  warn,
}: {
  ingest: Ingest;
  now: () => number;
  limits: MqttLimits;
  isActive: (deviceId: string) => boolean;
  warn: (facts: object, text: string) => void;
}): Wills {
  const waiting = new Map<Session, { will: Will; dueTick: number }>();
  let failed: { will: Will; dueTick: number; giveUpTick: number }[] = [];
  let tick = 0;

  function send(will: Will, giveUpTick: number): void {
    if (!isActive(will.deviceId)) return;
    const { delayS: _, ...message } = will;
    const rest = { isWill: true, receivedAt: now(), deliveryKey: null, isRedelivery: false };
    ingest.accept({ ...message, ...rest }).catch(() => {
      if (tick >= giveUpTick || failed.length >= limits.offlineSessions) {
        warn({ deviceId: will.deviceId }, "a last will could not be made durable");
        return;
      }
      failed.push({ will, dueTick: tick + RETRY_TICKS, giveUpTick });
    });
  }

  function take(session: Session): Will | undefined {
    const entry = waiting.get(session);
    waiting.delete(session);
    return entry?.will;
  }

  return {
    schedule(session, will, at) {
      tick = at;
      if (will.delayS <= 0) send(will, at + GIVE_UP_TICKS);
      else waiting.set(session, { will, dueTick: at + will.delayS });
    },
    cancel: (session) => void take(session),
    drop: (session) => void take(session),
    hasten(session) {
      const will = take(session);
      if (will) send(will, tick + GIVE_UP_TICKS);
    },
    sweep(at) {
      tick = at;
      for (const [session, { will, dueTick }] of waiting) {
        if (dueTick > at) continue;
        waiting.delete(session);
        send(will, at + GIVE_UP_TICKS);
      }
      if (failed.length === 0) return;
      const due = failed.filter(({ dueTick }) => dueTick <= at);
      failed = failed.filter(({ dueTick }) => dueTick > at);
      for (const { will, giveUpTick } of due) send(will, giveUpTick);
    },
    get size() {
      return waiting.size + failed.length;
    },
  };
}
