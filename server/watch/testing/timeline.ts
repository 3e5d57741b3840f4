import type { AgeGroup, Alarm, DeviceEvent } from "@openward/model";
import type { NewLimits } from "../index.ts";
import { START, type World, world } from "./world.ts";

/** A time-line script: what is sent and done when, and what stands on the screens at certain times. */
export interface Timeline {
  readonly name: string;
  readonly age?: AgeGroup | null;
  readonly device?: string;
  readonly limits?: readonly (Partial<Omit<NewLimits, "delayMs">> & { signal: string; delay?: string })[];
  /** By signal: one value per interval from 0 on; null: nothing is sent. */
  readonly send?: Readonly<Record<string, { every: string; values: readonly (number | null)[]; from?: string }>>;
  readonly do?: readonly Action[];
  /** By time: state of each rule; rules that are not named have no open alarm. */
  readonly expect: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How many alarms there have been in all, by rule. */
  readonly alarms?: Readonly<Record<string, number>>;
}

export interface Action {
  readonly at: string;
  readonly do:
    | "read"
    | "acknowledge"
    | "standby"
    | "end standby"
    | "restart"
    | "journal down"
    | "journal up"
    | "set clock"
    | "take off"
    | "put on"
    | "connect"
    | "disconnect"
    | "press"
    | "limit"
    | "confirm"
    | "device clock"
    | "status"
    | "will"
    | "admit"
    | "discharge";
  readonly signal?: string;
  readonly value?: number;
  /** Device time of a reading or press, counted from the start. */
  readonly dated?: string;
  readonly by?: string;
  readonly rule?: string;
  readonly minutes?: number;
  readonly event?: string;
  readonly id?: string;
  /** What a status or a will says. */
  readonly state?: string;
  readonly low?: number;
  readonly high?: number;
  readonly every?: string | null;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 };

/** "90 s", "-5 min" in milliseconds. */
export function milliseconds(text: string): number {
  const [, number, unit] = /^(-?[\d.]+) (ms|s|min|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) throw new Error(`not a duration: ${text}`);
  return Number(number) * (UNIT_MS[unit] ?? 0);
}

export interface Outcome {
  /** By time of `expect`: state of each rule with an open alarm. */
  readonly states: Record<string, Record<string, string>>;
  readonly alarms: Record<string, number>;
  /** Every revision that was shown. */
  readonly log: readonly Alarm[];
  readonly world: World;
}

interface Step {
  readonly at: number;
  /** Readings before actions before looking, at the same time. */
  readonly order: number;
  readonly run: () => unknown;
}

export async function play(script: Timeline): Promise<Outcome> {
  const w = await world(script.age === undefined ? "adult" : script.age, script.device);
  for (const { delay, ...limits } of script.limits ?? []) {
    await w.set({ ...limits, ...(delay !== undefined && { delayMs: milliseconds(delay) }) });
  }
  const states: Outcome["states"] = {};
  const steps: Step[] = [];
  const look = (time: string) => {
    states[time] = stateOf(w);
  };
  for (const [signal, { every, values, from = "0 s" }] of Object.entries(script.send ?? {})) {
    values.forEach((value, i) => {
      const at = milliseconds(from) + i * milliseconds(every);
      // The device's clock goes its own way, whatever is done to the server's.
      if (value !== null) steps.push({ at, order: 0, run: () => w.read(signal, value, { time: START + at }) });
    });
  }
  for (const action of script.do ?? [])
    steps.push({ at: milliseconds(action.at), order: 1, run: () => act(w, action) });
  for (const time of Object.keys(script.expect)) {
    steps.push({ at: milliseconds(time), order: 2, run: () => look(time) });
  }
  let now = 0;
  for (const step of steps.sort((a, b) => a.at - b.at || a.order - b.order)) {
    w.runtime.advance(step.at - now);
    now = step.at;
    await step.run();
    await w.settle();
  }
  const ids = new Map<string, Set<string>>();
  for (const { rule, id } of w.shown) ids.set(rule, (ids.get(rule) ?? new Set()).add(id));
  const alarms = Object.fromEntries([...ids].map(([rule, set]) => [rule, set.size]));
  return { states, alarms, log: w.shown, world: w };
}

function stateOf(w: World): Record<string, string> {
  return Object.fromEntries(w.open().map((alarm) => [alarm.rule, alarm.latched ? "latched" : alarm.state]));
}

async function act(w: World, action: Action): Promise<unknown> {
  const { signal = "spo2", value = 0, rule } = action;
  switch (action.do) {
    case "read":
      return w.read(signal, value, { time: START + milliseconds(action.dated ?? action.at) });
    case "acknowledge": {
      const [alarm] = w.open(rule);
      if (!alarm) throw new Error(`no open alarm ${rule ?? ""} at ${action.at}`);
      return w.watch.acknowledge(w.view, alarm.id, alarm.revision);
    }
    case "standby": {
      const { patientId } = w.stream(signal);
      const streamId = action.signal === undefined ? null : w.stream(signal).id;
      return w.watch.startStandby(w.view, patientId, { streamId, reason: "bath", minutes: action.minutes ?? 10 });
    }
    case "end standby": {
      const { patientId } = w.stream(signal);
      const [standby] = w.watch.standbyOf(w.view, patientId);
      return w.watch.endStandby(w.view, patientId, standby?.id ?? "");
    }
    case "restart":
      return w.restart();
    case "journal down":
      w.journalDown = true;
      return;
    case "journal up":
      w.journalDown = false;
      return;
    case "set clock":
      return w.runtime.setNow(w.runtime.clock.now() + milliseconds(action.by ?? "0 s"));
    case "take off":
      return w.take("mon");
    case "put on":
      return w.put("mon", w.stream(signal).patientId);
    case "connect":
    case "disconnect": {
      const isConnected = action.do === "connect";
      const { organisationId } = w.stream(signal);
      return w.watch.connection("mon", organisationId, isConnected, w.runtime.clock.now());
    }
    case "press": {
      const { organisationId, patientId } = w.stream(signal);
      const event: DeviceEvent = {
        id: action.id ?? "press-1",
        organisationId,
        deviceId: "mon",
        patientId,
        associationId: "association-1",
        event: action.event ?? "sos-button",
        at: START + milliseconds(action.dated ?? action.at),
        timeFromServer: false,
        receivedAt: w.runtime.clock.now(),
        detail: {},
      };
      w.events.push(event);
      return w.watch.event(event);
    }
    case "limit":
      return w.set({ signal, low: action.low ?? null, high: action.high ?? null });
    case "confirm": {
      const every = action.every === null || action.every === undefined ? null : milliseconds(action.every);
      return w.watch.confirmExpectation(w.view, w.stream(signal).id, every);
    }
    case "status":
    case "will": {
      const { organisationId } = w.stream(signal);
      const facts = { organisationId, deviceId: "mon", battery: null, clock: null, receivedAt: w.runtime.clock.now() };
      return w.watch.status({ ...facts, state: action.state ?? "online" }, action.do === "will");
    }
    case "admit":
    case "discharge": {
      const { patientId } = w.stream(signal);
      const patient = w.patients.get(patientId);
      if (patient) patient.isAdmitted = action.do === "admit";
      return w.watch.patientChanged(patientId);
    }
    case "device clock": {
      const clock = START + milliseconds(action.dated ?? action.at);
      const told = { deviceId: "mon", clock, receivedAt: w.runtime.clock.now() };
      w.clocks.set("mon", told);
      const { organisationId } = w.stream(signal);
      return w.watch.status({ organisationId, ...told, state: "online", battery: null });
    }
  }
}
