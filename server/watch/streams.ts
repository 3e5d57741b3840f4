import { isOfThePatient } from "@openward/drivers";
import type { AgeGroup, Expectation, Limits, Readings, Stream, Waveform } from "@openward/model";
import { ABSENT_SAMPLE } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { findSignal } from "@openward/signals";
import { type Conversion, checkUnit, toCanonical } from "@openward/signals/units";
import type { AlarmBook } from "./alarms.ts";
import { type Condition, evaluate, inactive, rulesOf } from "./condition.ts";
import { beat, type Expectations, newRhythm, type Rhythm } from "./expectations.ts";
import type { Freshness } from "./freshness.ts";
import type { Devices, Patients, RecentReadings } from "./ports.ts";
import type { Due, Schedule } from "./schedule.ts";

/** A stream is silent after so many of its intervals, and not before this many milliseconds. */
export const MISSED_INTERVALS = 3;
export const SHORTEST_DEADLINE_MS = 10_000;
/** A reading older than this raises no live alarm (or older than two intervals, where those are longer). */
export const OLDEST_LIVE_MS = 5 * 60_000;
/** The same where nobody would notice the silence: the newest reading counts for longer than to be called missed. */
export const OLDEST_UNWATCHED_MS = 3_600_000;
/** What a stream said longer before a start than this is history. */
const RECALL_MS = 24 * 3_600_000;
const RECALL_WINDOW_MS = 60_000;
/** After a start, devices get this long to come back before their silence counts. */
export const RESTART_GRACE_MS = 5_000;
/** A device that has been sending older times in order, and nothing newer, for so long has had its clock set back. */
const STEP_BACK_MS = 10_000;
const STEP_BACK_SAMPLES = 5;
/** A breach after which its stream falls silent is an alarm this long after its delay, without a further sample. */
export const SILENT_BREACH_MS = 5_000;

interface Watched {
  readonly stream: Stream;
  readonly conversion: Conversion;
  conditions: Condition[];
  /** Whose default limits they are: with a birthday they are others. */
  ageGroup: AgeGroup | null;
  /** Timers of pending conditions, beside `conditions`. */
  pending: (Due | undefined)[];
  /** What is watched: null where nobody expects anything, or only a rhythm that nobody has confirmed. */
  intervalMs: number | null;
  maxAgeMs: number;
  /** Newest sample that was evaluated: device time, and value in the signal's own unit. */
  lastTime: number;
  lastValue: number;
  /** Current samples in a row that are dated before the newest one: how many, the newest of them, and since when. */
  olderCount: number;
  olderTime: number;
  olderSince: number;
  /** When something current last arrived: server time, and monotonic. */
  heardAt: number;
  heardMono: number;
  /** It has said something current. */
  hasSpoken: boolean;
  isSilent: boolean;
  deadline: Due | undefined;
  rhythm: Rhythm | undefined;
}

/** The streams that are on a patient now: their limits and their silence. */
export interface StreamWatch {
  readings(readings: Readings): boolean;
  waveform(waveform: Waveform): boolean;
  /**
   * Known from before a restart: what it said last is judged again, so that delays go on and no alarm is lost. What it has
   * said since, where it has, is judged with it.
   */
  restore(stream: Stream, receivedAt: number, recall: (windowMs: number) => RecentReadings): void;
  /**
   * The newest reading of a stream was entered in error, corrected, or is another patient's: what counts in its place is
   * judged, and where nothing does, conditions end. @param received in the stream's unit; null: nothing counts
   */
  amended(streamId: string, received: number | null): void;
  /** Limits, admission or age changed. */
  patientChanged(patientId: string): void;
  associationChanged(deviceId: string): void;
  /** Standby ended: what was held back and still holds is raised. */
  resume(patientId: string): void;
  expectationOf(streamId: string): Expectation;
  expectationChanged(streamId: string): void;
  find(streamId: string): Stream | undefined;
  /** Has the device a stream that says something of its patient, or is missed when it does not? */
  speaks(deviceId: string): boolean;
  /** The shortest interval that is watched on this device, where there is one. */
  shortestInterval(deviceId: string): number | undefined;
}

export function createStreamWatch({
  runtime,
  schedule,
  alarms,
  expectations,
  freshness,
  patients,
  devices,
  limitsOf,
  isHeldBack,
}: {
  runtime: Runtime;
  schedule: Schedule;
  alarms: AlarmBook;
  expectations: Expectations;
  freshness: Freshness;
  patients: Patients;
  devices: Devices;
  limitsOf: (patientId: string, signal: string) => Limits | undefined;
  isHeldBack: (patientId: string, streamId: string) => boolean;
}): StreamWatch {
  const streams = new Map<string, Watched>();
  const byDevice = new Map<string, Set<Watched>>();
  const byPatient = new Map<string, Set<Watched>>();

  function add(stream: Stream): Watched {
    const signal = findSignal(stream.signal);
    const verdict = signal ? checkUnit(signal, stream.unit) : undefined;
    const watched: Watched = {
      stream,
      conversion: verdict?.ok ? verdict.conversion : { scale: 1, offset: 0 },
      conditions: [],
      ageGroup: patients.watched(stream.patientId)?.ageGroup ?? null,
      pending: [],
      intervalMs: null,
      maxAgeMs: OLDEST_LIVE_MS,
      lastTime: Number.NEGATIVE_INFINITY,
      lastValue: Number.NaN,
      olderCount: 0,
      olderTime: 0,
      olderSince: 0,
      heardAt: runtime.clock.now(),
      heardMono: schedule.now(),
      hasSpoken: false,
      isSilent: alarms.isActive("missing-data", stream.id),
      deadline: undefined,
      rhythm: expectations.isOpen(stream) ? newRhythm() : undefined,
    };
    streams.set(stream.id, watched);
    put(byDevice, stream.deviceId, watched);
    put(byPatient, stream.patientId, watched);
    setExpectation(watched);
    setLimits(watched);
    return watched;
  }

  function drop(watched: Watched, at: number): void {
    for (const due of watched.pending) due?.cancel();
    watched.deadline?.cancel();
    for (const { rule } of watched.conditions) {
      alarms.endCondition(rule.rule, watched.stream.id, at, rule.latching);
    }
    alarms.endCondition("missing-data", watched.stream.id, at, false);
    streams.delete(watched.stream.id);
    take(byDevice, watched.stream.deviceId, watched);
    take(byPatient, watched.stream.patientId, watched);
  }

  function isOnPatient(stream: Stream): boolean {
    return (
      patients.watched(stream.patientId)?.isAdmitted === true &&
      devices.currentAssociation(stream.deviceId)?.patientId === stream.patientId
    );
  }

  /** The stream, if its readings count now: on the admitted patient who wears the device. */
  function current(stream: Stream, associationId: string): Watched | undefined {
    if (devices.currentAssociation(stream.deviceId)?.id !== associationId) return undefined;
    const patient = patients.watched(stream.patientId);
    if (patient?.isAdmitted !== true) return undefined;
    const watched = streams.get(stream.id);
    if (!watched) {
      const added = add(stream);
      // After a start nothing may be known of it yet but its alarms: none is ended by what is older than itself.
      for (const { rule } of added.conditions)
        added.lastTime = Math.max(added.lastTime, alarms.seenUntil(rule.rule, stream.id));
      return added;
    }
    // A day begins and nobody says that the patient has changed.
    if (watched.ageGroup !== patient.ageGroup) setLimits(watched);
    return watched;
  }

  function setExpectation(watched: Watched): void {
    const expectation = expectations.of(watched.stream, watched.rhythm);
    watched.intervalMs = expectation.source === "learned" ? null : expectation.intervalMs;
    watched.maxAgeMs =
      watched.intervalMs === null ? OLDEST_UNWATCHED_MS : Math.max(OLDEST_LIVE_MS, 2 * watched.intervalMs);
    armDeadline(watched);
  }

  /** Silence is counted from the last arrival, so that a deadline that is set anew is not set later. */
  function armDeadline(watched: Watched): void {
    watched.deadline?.cancel();
    watched.deadline = undefined;
    if (watched.intervalMs === null) {
      if (watched.isSilent) alarms.endCondition("missing-data", watched.stream.id, runtime.clock.now(), false);
      watched.isSilent = false;
      return;
    }
    if (watched.isSilent) return;
    const wait = deadlineMs(watched.intervalMs) - (schedule.now() - watched.heardMono);
    watched.deadline = schedule.after(wait, () => checkSilence(watched));
  }

  function checkSilence(watched: Watched): void {
    watched.deadline = undefined;
    if (watched.intervalMs === null || !streams.has(watched.stream.id)) return;
    const silentFor = schedule.now() - watched.heardMono;
    const rest = deadlineMs(watched.intervalMs) - silentFor;
    if (rest > 0) {
      // It has spoken since: one timer per stream, set anew only when it fires, not with every reading.
      watched.deadline = schedule.after(rest, () => checkSilence(watched));
      return;
    }
    watched.isSilent = true;
    raiseSilence(watched);
  }

  function raiseSilence(watched: Watched): void {
    const { stream } = watched;
    if (isHeldBack(stream.patientId, stream.id)) return;
    alarms.raise({
      rule: "missing-data",
      priority: "medium",
      organisationId: stream.organisationId,
      patientId: stream.patientId,
      deviceId: stream.deviceId,
      streamId: stream.id,
      signal: stream.signal,
      subject: stream.id,
      onsetAt: watched.heardAt,
      value: null,
      limit: null,
      unit: null,
    });
  }

  function heard(watched: Watched, receivedAt: number): void {
    const now = schedule.now();
    watched.heardAt = receivedAt;
    watched.heardMono = now;
    watched.hasSpoken = true;
    if (watched.rhythm) beat(watched.rhythm, now);
    if (!watched.isSilent) return;
    watched.isSilent = false;
    alarms.endCondition("missing-data", watched.stream.id, receivedAt, false);
    armDeadline(watched);
  }

  /** Puts the limits that hold now in place of those before; conditions that go on keep their onset. */
  function setLimits(watched: Watched): void {
    const { stream } = watched;
    const before = watched.conditions;
    watched.ageGroup = patients.watched(stream.patientId)?.ageGroup ?? null;
    const isSparse = !expectations.isOpen(stream) && expectations.of(stream, undefined).intervalMs === null;
    const limits = stream.kind === "numeric" ? limitsOf(stream.patientId, stream.signal) : undefined;
    for (const due of watched.pending) due?.cancel();
    watched.conditions = rulesOf(limits, isSparse).map((rule) => {
      const old = before.find((condition) => condition.rule.rule === rule.rule);
      const condition: Condition = old ? { ...old, rule } : inactive(rule);
      // Raised before a restart and not over: it goes on, and is not raised a second time.
      if (!old && alarms.isActive(rule.rule, stream.id)) {
        condition.phase = "due";
        condition.isBreaching = true;
      }
      return condition;
    });
    watched.pending = watched.conditions.map(() => undefined);
    for (const { rule } of before) {
      if (watched.conditions.some((condition) => condition.rule.rule === rule.rule)) continue;
      alarms.endCondition(rule.rule, stream.id, runtime.clock.now(), rule.latching);
    }
    if (Number.isNaN(watched.lastValue)) return;
    const isCurrent = schedule.now() - watched.heardMono <= watched.maxAgeMs;
    watched.conditions.forEach((condition, i) => {
      const wasPending = condition.phase === "pending";
      // A new limit starts a new delay, from the newest sample: old samples were judged by the old limit.
      if (condition.phase === "inactive" && !isCurrent) return;
      const step = evaluate(condition, watched.lastTime, watched.lastValue);
      if (step !== "none") apply(watched, i, condition, step, watched.lastTime);
      else if (wasPending) armPending(watched, i, condition);
    });
  }

  function apply(watched: Watched, i: number, condition: Condition, step: string, time: number): void {
    if (step === "pending") {
      armPending(watched, i, condition);
      return;
    }
    watched.pending[i]?.cancel();
    watched.pending[i] = undefined;
    if (step === "due") raiseLimit(watched, condition);
    else alarms.endCondition(condition.rule.rule, watched.stream.id, Math.round(time), condition.rule.latching);
  }

  function armPending(watched: Watched, i: number, condition: Condition, waitedMs = 0): void {
    const onset = condition.onsetAt;
    watched.pending[i]?.cancel();
    // After a start the device gets its time to come back: what it says next may be better news.
    const wait = Math.max(RESTART_GRACE_MS, condition.rule.delayMs + SILENT_BREACH_MS - waitedMs);
    watched.pending[i] = schedule.after(wait, () => {
      watched.pending[i] = undefined;
      // Nothing has said that the value came back: silence after a breach is not an all-clear.
      if (condition.phase !== "pending" || condition.onsetAt !== onset || !condition.isBreaching) return;
      condition.phase = "due";
      raiseLimit(watched, condition);
    });
  }

  function raiseLimit(watched: Watched, condition: Condition): void {
    const { stream } = watched;
    if (isHeldBack(stream.patientId, stream.id)) return;
    const { rule } = condition;
    alarms.raise({
      rule: rule.rule,
      priority: rule.priority,
      organisationId: stream.organisationId,
      patientId: stream.patientId,
      deviceId: stream.deviceId,
      streamId: stream.id,
      signal: stream.signal,
      subject: stream.id,
      onsetAt: Math.round(condition.onsetAt),
      value: condition.value,
      limit: rule.limit,
      unit: findSignal(stream.signal)?.ucum ?? stream.unit,
    });
  }

  /** @returns whether it is news: a clock that stands still says nothing of now, whatever values it is put to */
  function sample(watched: Watched, time: number, received: number, receivedAt: number): boolean {
    const value = toCanonical(received, watched.conversion);
    // Of a stream whose silence nobody would notice, a second value for the same time counts.
    const isNews = time > watched.lastTime || (time === watched.lastTime && isUnnoticed(watched, value));
    if (!isNews && !isStepBack(watched, time, receivedAt)) return watched.olderCount > 1;
    watched.olderCount = 0;
    watched.lastTime = time;
    watched.lastValue = value;
    const { conditions } = watched;
    for (let i = 0; i < conditions.length; i++) {
      const condition = conditions[i] as Condition;
      const step = evaluate(condition, time, value);
      if (step !== "none") apply(watched, i, condition, step, time);
    }
    return true;
  }

  /** So far before its newest reading a stream is looked at again after a start. */
  function recallMs({ conditions, intervalMs }: Watched): number {
    return 2 * Math.max(RECALL_WINDOW_MS, intervalMs ?? 0, ...conditions.map(({ rule }) => rule.delayMs));
  }

  /**
   * What was heard since the start was judged by itself. Now that it is known what came before, all of it is judged as a
   * start would: an alarm that was raised meanwhile goes on, a delay counts from where it began.
   */
  function rejudge(watched: Watched, recall: (windowMs: number) => RecentReadings): void {
    const { lastTime, lastValue, heardAt } = watched;
    for (const due of watched.pending) due?.cancel();
    watched.conditions = [];
    watched.lastValue = Number.NaN;
    watched.lastTime = Number.NEGATIVE_INFINITY;
    setLimits(watched);
    replay(watched, recall(recallMs(watched)));
    watched.heardAt = Math.max(heardAt, watched.heardAt);
    if (!(lastTime > watched.lastTime)) return;
    // Heard, and not durable yet.
    watched.lastTime = lastTime;
    watched.lastValue = lastValue;
    if (Number.isNaN(lastValue)) return;
    watched.conditions.forEach((condition, i) => {
      const step = evaluate(condition, lastTime, lastValue);
      if (step !== "none") apply(watched, i, condition, step, lastTime);
    });
  }

  function isUnnoticed(watched: Watched, value: number): boolean {
    return watched.intervalMs === null && value !== watched.lastValue;
  }

  /**
   * What was heard before the last stop is judged as it was then: an alarm that was not durable is raised under its id, a
   * delay goes on. What an open alarm has seen is not judged a second time, nor by limits that were set later.
   */
  function replay(watched: Watched, { times, values, receivedAt }: RecentReadings): void {
    const { stream, conditions } = watched;
    const seen = conditions.map(({ rule }) => alarms.seenUntil(rule.rule, stream.id));
    const limits = limitsOf(stream.patientId, stream.signal);
    const limitsSince = limits && !limits.setBy.startsWith("profile ") ? limits.setAt : Number.NEGATIVE_INFINITY;
    const now = runtime.clock.now();
    const last = times.length - 1;
    for (let k = 0; k <= last; k++) {
      const [time, arrival] = [times[k] as number, receivedAt[k] as number];
      if (!freshness.wasCurrent(stream.deviceId, time, arrival, watched.maxAgeMs)) continue;
      watched.heardAt = arrival;
      watched.hasSpoken = true;
      if (time <= watched.lastTime) continue;
      watched.lastTime = time;
      if (stream.kind === "waveform") continue;
      watched.lastValue = toCanonical(values[k] as number, watched.conversion);
      if (now - arrival > RECALL_MS || (arrival < limitsSince && k < last)) continue;
      for (let i = 0; i < conditions.length; i++) {
        const condition = conditions[i] as Condition;
        if (time <= (seen[i] as number)) continue;
        const step = evaluate(condition, time, watched.lastValue);
        if (step === "pending") armPending(watched, i, condition, Math.max(0, now - arrival));
        else if (step !== "none") apply(watched, i, condition, step, time);
      }
    }
  }

  /**
   * The device's clock was ahead, or was set back: what it says from now on counts, although it is dated before what
   * was evaluated last. A sample that merely arrives late does not look like that, and neither clears nor raises.
   */
  function isStepBack(watched: Watched, time: number, receivedAt: number): boolean {
    // A single sample from the future must not hide what the device says afterwards.
    const wasAhead = watched.lastTime > receivedAt && time <= receivedAt;
    const now = schedule.now();
    if (watched.olderCount === 0) watched.olderSince = now;
    watched.olderCount = watched.olderCount === 0 || time > watched.olderTime ? watched.olderCount + 1 : 1;
    watched.olderTime = time;
    if (!wasAhead && (watched.olderCount < STEP_BACK_SAMPLES || now - watched.olderSince < STEP_BACK_MS)) return false;
    for (const condition of watched.conditions) {
      if (condition.phase === "pending" && condition.onsetAt > time) condition.onsetAt = time;
    }
    return true;
  }

  function amended(streamId: string, received: number | null): void {
    const watched = streams.get(streamId);
    if (!watched || Number.isNaN(watched.lastValue)) return;
    watched.lastValue = received === null ? Number.NaN : toCanonical(received, watched.conversion);
    watched.conditions.forEach((condition, i) => {
      if (received !== null) {
        const step = evaluate(condition, watched.lastTime, watched.lastValue);
        if (step !== "none") apply(watched, i, condition, step, watched.lastTime);
        return;
      }
      watched.pending[i]?.cancel();
      watched.pending[i] = undefined;
      if (condition.phase === "due")
        alarms.endCondition(condition.rule.rule, streamId, runtime.clock.now(), condition.rule.latching);
      watched.conditions[i] = inactive(condition.rule);
    });
  }

  return {
    amended,
    readings(readings) {
      const { stream, times, values, receivedAt } = readings;
      const watched = current(stream, readings.associationId);
      if (!watched) return false;
      freshness.observe(receivedAt);
      let isHeard = false;
      const order = isAscending(times) ? undefined : ascendingOrder(times);
      for (let k = 0; k < times.length; k++) {
        const i = order ? (order[k] as number) : k;
        const time = times[i] as number;
        // Of a batch that comes late, the newest stands for now.
        const maxAgeMs = k === times.length - 1 ? watched.maxAgeMs : watchedAgeMs(watched);
        if (!freshness.isCurrent(stream.deviceId, time, receivedAt, maxAgeMs)) continue;
        if (sample(watched, time, values[i] as number, receivedAt)) isHeard = true;
      }
      if (isHeard) heard(watched, receivedAt);
      return isHeard;
    },
    waveform(waveform) {
      const { stream, samples, receivedAt } = waveform;
      const watched = current(stream, waveform.associationId);
      if (!watched) return false;
      const end = waveform.start + (samples.length * 1000) / waveform.rateHz;
      freshness.observe(receivedAt);
      if (!freshness.isCurrent(stream.deviceId, end, receivedAt, watched.maxAgeMs)) return false;
      // A piece that is all gap says that the electrode is off: nothing was heard of the patient.
      if (!samples.some((value) => value !== ABSENT_SAMPLE)) return false;
      if (end <= watched.lastTime && !isStepBack(watched, end, receivedAt)) {
        if (watched.olderCount <= 1) return false;
      } else {
        watched.lastTime = end;
        watched.olderCount = 0;
      }
      heard(watched, receivedAt);
      return true;
    },
    restore(stream, receivedAt, recall) {
      if (!isOnPatient(stream)) return;
      const heard = streams.get(stream.id);
      if (heard) return rejudge(heard, recall);
      const watched = add(stream);
      const windowMs = recallMs(watched);
      const recent = recall(windowMs);
      // Neither old data that came late nor a piece that is all gap is the last sign of life.
      watched.heardAt = Math.min(receivedAt, recent.times.at(-1) ?? receivedAt - windowMs);
      replay(watched, recent);
      const silentFor = Math.max(0, runtime.clock.now() - watched.heardAt);
      watched.heardMono = schedule.now() - silentFor;
      if (watched.intervalMs === null || watched.isSilent) return;
      const rest = Math.max(RESTART_GRACE_MS, deadlineMs(watched.intervalMs) - silentFor);
      watched.heardMono = schedule.now() - (deadlineMs(watched.intervalMs) - rest);
      armDeadline(watched);
    },
    patientChanged(patientId) {
      const now = runtime.clock.now();
      for (const watched of [...(byPatient.get(patientId) ?? [])]) {
        if (isOnPatient(watched.stream)) setLimits(watched);
        else drop(watched, now);
      }
    },
    associationChanged(deviceId) {
      const now = runtime.clock.now();
      for (const watched of [...(byDevice.get(deviceId) ?? [])]) {
        if (!isOnPatient(watched.stream)) drop(watched, now);
      }
    },
    resume(patientId) {
      for (const watched of byPatient.get(patientId) ?? []) {
        if (watched.isSilent) raiseSilence(watched);
        // What was last said long ago says nothing of now; then silence is the alarm, where it is one.
        const isOld = schedule.now() - watched.heardMono > watched.maxAgeMs;
        if (isOld && watched.intervalMs !== null) continue;
        for (const condition of watched.conditions) {
          if (condition.phase === "due") raiseLimit(watched, condition);
        }
      }
    },
    expectationOf(streamId) {
      const watched = streams.get(streamId);
      if (!watched) return { streamId, intervalMs: null, source: "on-demand" };
      return expectations.of(watched.stream, watched.rhythm);
    },
    expectationChanged(streamId) {
      const watched = streams.get(streamId);
      if (!watched) return;
      // A person has just said how often it must speak: from now on, not from before.
      watched.heardMono = Math.max(watched.heardMono, schedule.now() - RESTART_GRACE_MS);
      setExpectation(watched);
      setLimits(watched);
    },
    find: (streamId) => streams.get(streamId)?.stream,
    speaks(deviceId) {
      for (const { stream, intervalMs, hasSpoken } of byDevice.get(deviceId) ?? []) {
        if ((hasSpoken || intervalMs !== null) && isOfThePatient(stream.signal)) return true;
      }
      return false;
    },
    shortestInterval(deviceId) {
      let shortest: number | undefined;
      for (const { intervalMs } of byDevice.get(deviceId) ?? []) {
        if (intervalMs !== null && intervalMs < (shortest ?? Number.POSITIVE_INFINITY)) shortest = intervalMs;
      }
      return shortest;
    },
  };
}

export function deadlineMs(intervalMs: number): number {
  return Math.max(SHORTEST_DEADLINE_MS, MISSED_INTERVALS * intervalMs);
}

function watchedAgeMs({ intervalMs, maxAgeMs }: Watched): number {
  return intervalMs === null ? OLDEST_LIVE_MS : maxAgeMs;
}

function put(index: Map<string, Set<Watched>>, key: string, watched: Watched): void {
  const there = index.get(key);
  if (there) there.add(watched);
  else index.set(key, new Set([watched]));
}

function take(index: Map<string, Set<Watched>>, key: string, watched: Watched): void {
  const there = index.get(key);
  there?.delete(watched);
  if (there?.size === 0) index.delete(key);
}

function isAscending(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i] as number) < (times[i - 1] as number)) return false;
  return true;
}

function ascendingOrder(times: Float64Array): Uint32Array {
  return Uint32Array.from(times, (_, i) => i).sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
}
