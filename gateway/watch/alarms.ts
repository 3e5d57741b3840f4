import type { GatewayConfiguration } from "@openward/api";
import { decodeRaw } from "@openward/codecs/raw";
import { rhythmOf } from "@openward/drivers";
import { QUALITY } from "@openward/model";
import { findSignal } from "@openward/signals";
import { checkUnit, toCanonical } from "@openward/signals/units";
import type { KeptValue } from "../keep/message.ts";

export type Priority = "high" | "medium" | "low";

/** What rings at the gateway, in words without a clinical value. */
export interface LocalAlarm {
  /** "strap-1 spo2 limit-low", "link". */
  readonly key: string;
  readonly priority: Priority;
  /** For the melody; null: technical. */
  readonly signal: string | null;
  readonly since: number;
  /** It concerns a patient, and is the server's while there is a line. */
  readonly isClinical: boolean;
}

type Limits = GatewayConfiguration["devices"][number]["limits"][number];

/** How a limit is judged: server/watch's own rules, which the wiring brings. */
export interface Judge<Condition> {
  /** @param sparse nobody expects the next value at a certain time */
  conditionsOf(limits: Limits, sparse: boolean): Condition[];
  evaluate(condition: Condition, time: number, value: number): "none" | "pending" | "due" | "end";
  priorityOf(condition: Condition): Priority;
  nameOf(condition: Condition): string;
}

/** Limits and calls for help by themselves, for as long as the server may not hear of them. */
export interface LocalWatch {
  /** What a device said, before it is on the disk. */
  take(deviceId: string, values: readonly KeptValue[]): void;
  /** Other limits, other devices: what is not watched any more rings no more. */
  reconfigured(): void;
  /** The server knows of what happened until now. */
  linkIsUp(): void;
  readonly alarms: readonly LocalAlarm[];
}

/** A value that is older is no reason to ring: it was a backlog of the device's. */
const STALE_MS = 60_000;

export function createLocalWatch<Condition>({
  configuration,
  judge,
  now,
  onChange,
  report,
}: {
  configuration: () => GatewayConfiguration | undefined;
  judge: Judge<Condition>;
  now: () => number;
  onChange: () => void;
  /** Told of our own bugs: a codec that throws keeps nothing from being kept. */
  report: (error: unknown) => void;
}): LocalWatch {
  interface Watched {
    readonly conditions: readonly Condition[];
    newest: number;
  }
  const watched = new Map<string, Watched>();
  const ringing = new Map<string, LocalAlarm>();

  function ring(alarm: LocalAlarm): void {
    if (ringing.has(alarm.key)) return;
    ringing.set(alarm.key, alarm);
    onChange();
  }

  function end(key: string): void {
    if (ringing.delete(key)) onChange();
  }

  function takeReading(deviceId: string, key: string, unit: string | null, time: number, value: number): void {
    const device = configuration()?.devices.find(({ id }) => id === deviceId);
    const limits = device?.limits.find(({ signal }) => signal === key);
    const signal = findSignal(key);
    if (!device || !limits || !signal) return;
    const verdict = checkUnit(signal, unit);
    if (!verdict.ok) return;
    const name = `${deviceId} ${key}`;
    let of = watched.get(name);
    if (!of) {
      of = {
        conditions: judge.conditionsOf(limits, rhythmOf(device.type, key) == null),
        newest: Number.NEGATIVE_INFINITY,
      };
      watched.set(name, of);
    }
    const isNews = time > of.newest && time > now() - STALE_MS && time <= now() + STALE_MS;
    if (!isNews) return;
    of.newest = time;
    const canonical = toCanonical(value, verdict.conversion);
    for (const condition of of.conditions) {
      const alarmKey = `${name} ${judge.nameOf(condition)}`;
      const step = judge.evaluate(condition, time, canonical);
      if (step === "due")
        ring({ key: alarmKey, priority: judge.priorityOf(condition), signal: key, since: now(), isClinical: true });
      else if (step === "end") end(alarmKey);
    }
  }

  return {
    take(deviceId, values) {
      const session = {};
      for (const [item, { codec, at, bytes }] of values.entries()) {
        try {
          const context = {
            item,
            isPart: values.length > 1,
            at,
            atQuality: QUALITY.timeFromGateway,
            utcOffsetMinutes: null,
            timeZone: null,
            session,
          };
          const { readings, events } = decodeRaw(bytes, codec, context);
          for (const { signal, unit, times, values: numbers } of readings) {
            for (const [i, value] of numbers.entries()) takeReading(deviceId, signal, unit, times[i] as number, value);
          }
          for (const { event } of events) {
            if (findSignal(event)?.kind !== "event") continue;
            ring({ key: `${deviceId} ${event}`, priority: "high", signal: event, since: now(), isClinical: true });
          }
        } catch (error) {
          // What cannot be read is the server's to tell: it has the bytes.
          if ((error as Error).name !== "RefusedInput") report(error);
        }
      }
    },
    reconfigured() {
      watched.clear();
      let isChanged = false;
      for (const [key, { signal }] of ringing) {
        if (signal !== null && findSignal(signal)?.kind === "event") continue;
        ringing.delete(key);
        isChanged = true;
      }
      if (isChanged) onChange();
    },
    linkIsUp() {
      let isChanged = false;
      for (const [key, { signal }] of ringing) {
        if (signal === null || findSignal(signal)?.kind !== "event") continue;
        ringing.delete(key);
        isChanged = true;
      }
      if (isChanged) onChange();
    },
    get alarms() {
      return [...ringing.values()];
    },
  };
}
