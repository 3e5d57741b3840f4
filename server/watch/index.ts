/** The watch: limits, missing data, absent devices and calls for help become alarms, and people answer them. */
import { RefusedInput } from "@openward/errors";
import type {
  AgeGroup,
  Alarm,
  AlarmPriority,
  ClockState,
  DeviceEvent,
  DeviceStatus,
  Expectation,
  Limits,
  PatientView,
  Readings,
  Standby,
  Waveform,
} from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { isHidden, sees } from "@openward/signals/categories";
import { type AlarmBook, createAlarmBook, isQuestion } from "./alarms.ts";
import { createClockWatch } from "./clocks.ts";
import eventTable from "./events.json" with { type: "json" };
import { createExpectations } from "./expectations.ts";
import { createFirstReading } from "./first-reading.ts";
import { createFreshness } from "./freshness.ts";
import { createGatewayWatch } from "./gateways.ts";
import { createLimitBook, type NewLimits, type PatientLimits } from "./limits.ts";
import type { Devices, Journal, Patients, Screens, WatchMemory } from "./ports.ts";
import { createPresence } from "./presence.ts";
import { createSchedule } from "./schedule.ts";
import { createStandbyBook, type NewStandby } from "./standby.ts";
import { createStreamWatch } from "./streams.ts";
import { createTwinWatch } from "./twins.ts";
import { createWearerWatch } from "./wearers.ts";
import { createWriter } from "./writer.ts";

export { moreUrgent } from "./alarms.ts";
export type { NewLimits, PatientLimits } from "./limits.ts";
export type { NewStandby } from "./standby.ts";

export interface Watch {
  /** Takes up what was known before the last stop. Rejects with OutsideTrouble where that cannot be read. */
  start(): Promise<void>;
  /** What streams said before the last stop is known only now, and some have spoken since. */
  recovered(): void;
  stop(): Promise<void>;

  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
  /** @param isWill said by the server in the device's name, because its connection broke: no sign of life */
  event(event: DeviceEvent, isWill?: boolean): void;
  status(status: DeviceStatus, isWill?: boolean): void;
  connection(deviceId: string, organisationId: string, connected: boolean, at: number): void;
  /** What was decided of a device's clock; after a start, of each. */
  clock(state: ClockState): void;
  /** Two at once use the identity of a device, or only one does any more. */
  twin(deviceId: string, hasTwin: boolean, at: number): void;

  /** Raised or acknowledged, most urgent first. */
  active(view: PatientView): readonly Alarm[];
  alarmsOf(view: PatientView, patientId: string): readonly Alarm[];
  /** @throws RefusedInput NOT_FOUND; CONFLICT where the alarm has changed since the revision that the person saw */
  acknowledge(view: PatientView, alarmId: string, revision: number, on?: string): Alarm;

  limitsOf(view: PatientView, patientId: string): PatientLimits;
  /** What a person had set for this patient and what held then; of whoever may be seen the asker knows. */
  limitsAt(patientId: string, signal: string, time: number): Limits | undefined;
  /** Those by which alarms are raised, for whoever raises them where this server is out of reach. */
  watchedLimits(patientId: string): readonly Limits[];
  /** @throws RefusedInput FIELD_INVALID, SIGNAL_UNKNOWN, NOT_FOUND; OutsideTrouble: nothing was changed */
  setLimits(view: PatientView, patientId: string, limits: readonly NewLimits[]): Promise<PatientLimits>;
  /** The defaults of an age group, in place of everything set before. */
  chooseProfile(view: PatientView, patientId: string, group: AgeGroup): Promise<PatientLimits>;

  startStandby(view: PatientView, patientId: string, standby: NewStandby): Standby;
  endStandby(view: PatientView, patientId: string, standbyId: string): Standby;
  standbyOf(view: PatientView, patientId: string): readonly Standby[];

  expectationOf(streamId: string): Expectation;
  /** @throws RefusedInput NOT_FOUND, FIELD_INVALID; OutsideTrouble: nothing was changed */
  confirmExpectation(view: PatientView, streamId: string, intervalMs: number | null): Promise<Expectation>;

  /** The newest reading of a stream does not count as it was received; null: nothing counts in its place. */
  amended(streamId: string, received: number | null): void;
  patientChanged(patientId: string): void;
  associationChanged(deviceId: string): void;
  /** A patient who was erased: nothing of them stays in memory, and nothing is written of it. */
  forget(patientId: string): void;

  /** Alarm and standby records that are not durable yet. */
  unsaved(): number;
}

const alarmingEvents: ReadonlyMap<string, AlarmPriority> = new Map(
  Object.entries(eventTable.events).map(([event, { priority }]) => [event, priority as AlarmPriority]),
);

/** Calls that were received so long before a start are looked at again. */
const CALLS_MS = 24 * 3_600_000;

const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 30 * 86_400_000;

export function createWatch({
  runtime,
  journal,
  screens,
  patients,
  devices,
  memory,
  report = () => {},
}: {
  runtime: Runtime;
  journal: Journal;
  screens: Screens;
  patients: Patients;
  devices: Devices;
  memory: WatchMemory;
  /** Told of trouble that nobody else hears of: an unreachable journal, a failing screen. */
  report?: (error: unknown, doing: string) => void;
}): Watch {
  const schedule = createSchedule(runtime);
  const writer = createWriter({ runtime, journal, report });
  const alarms: AlarmBook = createAlarmBook({ runtime, screens, write: writer.write, report });
  const expectations = createExpectations({ devices });
  const freshness = createFreshness({ runtime });
  const limits = createLimitBook({ runtime, patients, memory, report });
  const standby = createStandbyBook({
    runtime,
    schedule,
    screens,
    patients,
    write: writer.write,
    report,
    streamOf: (streamId) => streams.find(streamId),
    onEnded(patientId) {
      streams.resume(patientId);
      presence.resume(patientId);
      firstReading.resume(patientId);
    },
  });
  const streams = createStreamWatch({
    runtime,
    schedule,
    alarms,
    expectations,
    freshness,
    patients,
    devices,
    limitsOf: limits.ofSignal,
    isHeldBack: standby.covers,
  });
  const presence = createPresence({
    runtime,
    schedule,
    alarms,
    patients,
    devices,
    shortestInterval: streams.shortestInterval,
    isHeldBack: (patientId) => standby.covers(patientId, null),
  });

  const twins = createTwinWatch({ runtime, alarms, patients, devices });
  const clockWatch = createClockWatch({ runtime, alarms, patients, devices, freshness });
  const wearers = createWearerWatch({ runtime, alarms, patients, devices });
  const gateways = createGatewayWatch({ runtime, alarms, patients, devices });

  const firstReading = createFirstReading({
    runtime,
    schedule,
    alarms,
    patients,
    devices,
    speaks: streams.speaks,
    isMissed: presence.isMissed,
    isHeldBack: (patientId) => standby.covers(patientId, null),
  });

  function heard(deviceId: string): void {
    presence.seen(deviceId);
    firstReading.heard(deviceId);
  }

  /** Alarms about a device that its patient no longer wears, or of a patient who has left. */
  function endStrayAlarms(about: { deviceId?: string; patientId?: string }): void {
    for (const alarm of alarms.open()) {
      if (about.deviceId !== undefined && alarm.deviceId !== about.deviceId) continue;
      if (about.patientId !== undefined && alarm.patientId !== about.patientId) continue;
      // A call for help is answered by a person, and by nothing else.
      if (alarm.rule === "event") continue;
      const patient = patients.watched(alarm.patientId);
      if (patient && !patient.isAdmitted) {
        alarms.resolve(alarm);
        continue;
      }
      if (alarm.deviceId === null) continue;
      if (devices.currentAssociation(alarm.deviceId)?.patientId === alarm.patientId) continue;
      const latching = alarm.signal !== null && limits.ofSignal(alarm.patientId, alarm.signal)?.latching === true;
      const subject = alarm.streamId ?? alarm.deviceId;
      const stays = latching && alarm.rule !== "missing-data" && !isQuestion(alarm.rule);
      alarms.endCondition(alarm.rule, subject, runtime.clock.now(), stays);
    }
  }

  function restoreStreams(): void {
    for (const { stream, receivedAt } of memory.lastHeard()) {
      const association = devices.currentAssociation(stream.deviceId);
      if (association?.patientId !== stream.patientId) continue;
      const recall = (windowMs: number) => memory.recent(stream.id, association.from, windowMs);
      streams.restore(stream, receivedAt, recall);
      wearers.restore(stream, recall);
    }
  }

  function call(event: DeviceEvent): void {
    const priority = alarmingEvents.get(event.event);
    if (priority === undefined || event.patientId === null) return;
    // Neither standby nor age holds a call for help back.
    alarms.raiseEvent(
      {
        rule: "event",
        priority,
        organisationId: event.organisationId,
        patientId: event.patientId,
        deviceId: event.deviceId,
        streamId: null,
        signal: event.event,
        subject: `${event.deviceId} ${event.id}`,
        onsetAt: event.at,
        value: null,
        limit: null,
        unit: null,
      },
      saidAt(event),
    );
  }

  function mustSee(view: PatientView, patientId: string): void {
    if (!view.has(patientId) || !patients.watched(patientId)) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
  }

  /** Less the limits of what consent hides: they tell what is measured, and of whom it is feared. */
  function limitsShown(view: PatientView, patientId: string): PatientLimits {
    const { profile, limits: all } = limits.of(patientId);
    return { profile, limits: all.filter(({ signal }) => !isHidden(view, patientId, signal)) };
  }

  return {
    async start() {
      const now = runtime.clock.now();
      const [open, resolved, events, running, expected, clocks] = await Promise.all([
        memory.openAlarms(),
        memory.resolvedAlarms(),
        memory.recentEvents([...alarmingEvents.keys()], now - CALLS_MS),
        memory.runningStandby(now),
        memory.expectations(),
        memory.deviceClocks(),
        limits.load(),
      ]);
      alarms.restore(open, resolved);
      // An event may be durable and its alarm not: most of these are known, and the others ring now.
      for (const event of events) call(event);
      expectations.load(expected);
      standby.restore(running);
      endStrayAlarms({});
      const offline = new Set(open.filter((a) => a.rule === "device-offline").map((a) => a.deviceId));
      // Nobody is connected yet: whoever has a twin shows it again.
      for (const { rule, deviceId } of open)
        if (rule === "device-twin" && deviceId !== null) alarms.endCondition(rule, deviceId, now, false);
      for (const { deviceId, clock, receivedAt } of clocks) freshness.deviceClock(deviceId, clock, receivedAt);
      restoreStreams();
      // Also of devices that never sent a reading: a pendant says nothing until somebody needs it.
      for (const { deviceId } of devices.runningAssociations()) {
        presence.restore(deviceId, offline.has(deviceId));
        firstReading.expect(deviceId);
      }
    },
    recovered() {
      restoreStreams();
      // Whether anybody expects a device to be there, its streams tell; and one that has spoken once is missed by them.
      for (const { deviceId } of devices.runningAssociations()) {
        presence.restore(deviceId, false);
        firstReading.heard(deviceId);
      }
    },
    async stop() {
      schedule.stop();
      await writer.flush();
      writer.stop();
    },

    readings(readings) {
      if (!streams.readings(readings)) return;
      heard(readings.stream.deviceId);
      wearers.readings(readings);
    },
    waveform(waveform) {
      if (streams.waveform(waveform)) heard(waveform.stream.deviceId);
    },
    event(event, isWill = false) {
      if (!isWill) presence.seen(event.deviceId);
      call(event);
      gateways.event(event);
    },
    status({ deviceId, state, clock, receivedAt }, isWill = false) {
      if (clock !== null) freshness.deviceClock(deviceId, clock, receivedAt);
      if (state === "offline") presence.saidOffline(deviceId, receivedAt);
      else if (!isWill) presence.seen(deviceId);
    },
    connection: (deviceId, _organisationId, connected, at) => presence.connection(deviceId, connected, at),

    twin: twins.changed,
    clock: clockWatch.changed,

    active: (view) => alarms.ofView(view),
    alarmsOf: (view, patientId) =>
      view.has(patientId) ? alarms.ofPatient(patientId).filter(({ signal }) => !isHidden(view, patientId, signal)) : [],
    acknowledge(view, alarmId, revision, on) {
      const alarm = alarms.acknowledge(view, alarmId, revision, on);
      wearers.answered(alarm);
      return alarm;
    },

    watchedLimits: (patientId) => limits.of(patientId).limits.filter(({ enabled }) => enabled),
    limitsAt: limits.at,
    limitsOf(view, patientId) {
      mustSee(view, patientId);
      return limitsShown(view, patientId);
    },
    async setLimits(view, patientId, changes) {
      const hidden = changes.findIndex(({ signal }) => isHidden(view, patientId, signal));
      if (hidden !== -1) throw new RefusedInput("NOT_FOUND", { at: `limits[${hidden}].signal` });
      await limits.set(view, patientId, changes);
      streams.patientChanged(patientId);
      return limitsShown(view, patientId);
    },
    async chooseProfile(view, patientId, group) {
      await limits.choose(view, patientId, group);
      streams.patientChanged(patientId);
      return limitsShown(view, patientId);
    },

    startStandby: standby.start,
    endStandby: standby.end,
    standbyOf: standby.of,

    expectationOf: streams.expectationOf,
    async confirmExpectation(view, streamId, intervalMs) {
      const stream = streams.find(streamId);
      if (!stream || !sees(view, stream)) throw new RefusedInput("NOT_FOUND", { at: "streamId" });
      const isPossible =
        intervalMs === null ||
        (Number.isInteger(intervalMs) && intervalMs >= SHORTEST_INTERVAL_MS && intervalMs <= LONGEST_INTERVAL_MS);
      if (!isPossible) {
        throw new RefusedInput("FIELD_INVALID", {
          at: "intervalMs",
          expected: `null, or whole milliseconds from ${SHORTEST_INTERVAL_MS} to ${LONGEST_INTERVAL_MS}`,
        });
      }
      const expectation: Expectation = { streamId, intervalMs, source: "confirmed" };
      const { organisationId, patientId } = stream;
      await journal.append([{ kind: "expectation", organisationId, patientId, expectation }]);
      expectations.confirm(streamId, intervalMs);
      streams.expectationChanged(streamId);
      return expectation;
    },

    amended(streamId, received) {
      streams.amended(streamId, received);
      wearers.amended(streamId);
    },
    patientChanged(patientId) {
      limits.patientChanged(patientId);
      streams.patientChanged(patientId);
      presence.patientChanged(patientId);
      firstReading.patientChanged(patientId);
      wearers.patientChanged(patientId);
      endStrayAlarms({ patientId });
    },
    associationChanged(deviceId) {
      streams.associationChanged(deviceId);
      presence.associationChanged(deviceId);
      twins.associationChanged(deviceId);
      clockWatch.associationChanged(deviceId);
      wearers.associationChanged(deviceId);
      gateways.associationChanged(deviceId);
      firstReading.expect(deviceId);
      endStrayAlarms({ deviceId });
    },

    forget(patientId) {
      alarms.forget(patientId);
      standby.forget(patientId);
      // Streams and devices end as those of a patient who has left, and find no alarm to end.
      streams.patientChanged(patientId);
      presence.patientChanged(patientId);
      firstReading.patientChanged(patientId);
      wearers.patientChanged(patientId);
      limits.forget(patientId);
    },

    unsaved: writer.unsaved,
  };
}

/** Where the server's time stands in for one that cannot be, what the device said still names the event. */
function saidAt({ at, timeFromServer, detail }: DeviceEvent): number {
  return timeFromServer && typeof detail.deviceTime === "number" ? detail.deviceTime : at;
}
