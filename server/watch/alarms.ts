import { RefusedInput } from "@openward/errors";
import type { Alarm, AlarmPriority, AlarmRule, JournalEntry, Millis, PatientView } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { isHidden } from "@openward/signals/categories";
import { alarmId } from "./alarm-id.ts";
import type { ResolvedAlarm, Screens } from "./ports.ts";

/** What an alarm is about, when it is raised. */
export interface AlarmCondition {
  readonly rule: AlarmRule;
  readonly priority: AlarmPriority;
  readonly organisationId: string;
  readonly patientId: string;
  readonly deviceId: string | null;
  readonly streamId: string | null;
  readonly signal: string | null;
  /** Stream, device, or device and event: with the rule and the onset it makes the alarm's id. */
  readonly subject: string;
  readonly onsetAt: Millis;
  readonly value: number | null;
  readonly limit: number | null;
  readonly unit: string | null;
}

/** The open alarms and their life: raised, acknowledged, resolved (IEC 60601-1-8). */
export interface AlarmBook {
  /**
   * Raises the alarm, or reopens the one that is latched for the same rule and subject.
   * @returns undefined where this very breach has had its alarm already
   */
  raise(condition: AlarmCondition): Alarm | undefined;
  /**
   * Something that happened and is over: stays until a person has answered it.
   * @param saidAt the time that the device gave it: with the event's id it tells one event from the next
   */
  raiseEvent(condition: AlarmCondition, saidAt: Millis): Alarm | undefined;
  /** Is there an alarm whose condition still holds? */
  isActive(rule: AlarmRule, subject: string): boolean;
  /** Device time up to which alarms have taken samples into account; -Infinity: none has. */
  seenUntil(rule: AlarmRule, subject: string): Millis;
  endCondition(rule: AlarmRule, subject: string, at: Millis, latching: boolean): void;
  /** Closes an alarm whatever its state: the patient has left. */
  resolve(alarm: Alarm): void;
  /** @param on the screen on a wall, where it was one */
  acknowledge(view: PatientView, id: string, revision: number, on?: string): Alarm;
  /** Raised or acknowledged, most urgent first. */
  ofView(view: PatientView): readonly Alarm[];
  ofPatient(patientId: string): readonly Alarm[];
  open(): Iterable<Alarm>;
  /** As if they had never been: nothing is written of it. */
  forget(patientId: string): void;
  /** @param resolved alarms that are over, oldest first */
  restore(alarms: readonly Alarm[], resolved: readonly ResolvedAlarm[]): void;
}

const RANK: Readonly<Record<AlarmPriority, number>> = { high: 0, medium: 1, low: 2 };
/** Ids of alarms that are over, so that a breach that is sent again does not ring again. */
const REMEMBERED = 20_000;
/** What holds now is no breach that is sent again: it rings, also where its onset has had an alarm before. */
const TECHNICAL: ReadonlySet<AlarmRule> = new Set([
  "missing-data",
  "device-offline",
  "device-twin",
  "device-clock",
  "gateway-silent",
]);
/** They ask something of a person, whose answer is the end of it. */
const QUESTIONS: ReadonlySet<AlarmRule> = new Set(["wearer-jump", "wearer-mixed", "wearer-apart"]);
export const isQuestion = (rule: AlarmRule): boolean => QUESTIONS.has(rule);

export function createAlarmBook({
  runtime,
  screens,
  write,
  report,
}: {
  runtime: Runtime;
  screens: Screens;
  write: (entry: JournalEntry) => void;
  report: (error: unknown, doing: string) => void;
}): AlarmBook {
  const byId = new Map<string, Alarm>();
  const byPatient = new Map<string, Map<string, Alarm>>();
  const bySubject = new Map<string, string>();
  const closed = new Set<string>();
  /** Of alarms that are over: when their condition ended. */
  const ended = new Map<string, Millis>();

  const subjectKey = (rule: AlarmRule, subject: string) => `${rule} ${subject}`;

  function subjectOf(alarm: Alarm): string | null {
    if (alarm.rule === "event") return null;
    return alarm.streamId ?? alarm.deviceId;
  }

  function close(id: string): void {
    closed.add(id);
    if (closed.size <= REMEMBERED) return;
    const oldest = closed.values().next().value;
    if (oldest !== undefined) closed.delete(oldest);
  }

  function endedAt({ rule, streamId, conditionEndedAt }: ResolvedAlarm): void {
    if (streamId === null || conditionEndedAt === null) return;
    const key = subjectKey(rule, streamId);
    ended.set(key, Math.max(conditionEndedAt, ended.get(key) ?? conditionEndedAt));
  }

  function index(alarm: Alarm): void {
    const subject = subjectOf(alarm);
    const key = subject === null ? null : subjectKey(alarm.rule, subject);
    if (alarm.state === "resolved") {
      byId.delete(alarm.id);
      const ofPatient = byPatient.get(alarm.patientId);
      ofPatient?.delete(alarm.id);
      if (ofPatient?.size === 0) byPatient.delete(alarm.patientId);
      if (key !== null && bySubject.get(key) === alarm.id) bySubject.delete(key);
      close(alarm.id);
      endedAt(alarm);
      return;
    }
    byId.set(alarm.id, alarm);
    let ofPatient = byPatient.get(alarm.patientId);
    if (!ofPatient) {
      ofPatient = new Map();
      byPatient.set(alarm.patientId, ofPatient);
    }
    ofPatient.set(alarm.id, alarm);
    if (key !== null) bySubject.set(key, alarm.id);
  }

  function publish(alarm: Alarm): Alarm {
    index(alarm);
    // Screens first: a person hears of it before the disk does.
    try {
      screens.alarm(alarm);
    } catch (error) {
      report(error, "showing an alarm");
    }
    write({ kind: "alarm", alarm });
    return alarm;
  }

  function change(alarm: Alarm, changes: Partial<Alarm>): Alarm {
    return publish({ ...alarm, ...changes, revision: alarm.revision + 1 });
  }

  function openAlarm(rule: AlarmRule, subject: string): Alarm | undefined {
    const id = bySubject.get(subjectKey(rule, subject));
    return id === undefined ? undefined : byId.get(id);
  }

  function fresh(condition: AlarmCondition, began: Millis, endedAt: Millis | null): Alarm | undefined {
    const { subject, ...facts } = condition;
    const id = alarmId(condition.rule, subject, began);
    const already = byId.get(id);
    if (already) return already;
    if (closed.has(id)) {
      const now = runtime.clock.now();
      if (!TECHNICAL.has(condition.rule) || began === now) return undefined;
      return fresh({ ...condition, onsetAt: now }, now, endedAt);
    }
    return publish({
      ...facts,
      id,
      revision: 1,
      state: "raised",
      latched: endedAt !== null,
      raisedAt: runtime.clock.now(),
      conditionEndedAt: endedAt,
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
    });
  }

  return {
    raise(condition) {
      const there = openAlarm(condition.rule, condition.subject);
      if (!there) return fresh(condition, condition.onsetAt, null);
      if (there.conditionEndedAt === null) return there;
      return change(there, { latched: false, conditionEndedAt: null });
    },
    raiseEvent: (condition, saidAt) => fresh(condition, saidAt, condition.onsetAt),
    isActive: (rule, subject) => openAlarm(rule, subject)?.conditionEndedAt === null,
    seenUntil(rule, subject) {
      const alarm = openAlarm(rule, subject);
      const until = ended.get(subjectKey(rule, subject)) ?? Number.NEGATIVE_INFINITY;
      return alarm ? Math.max(until, alarm.conditionEndedAt ?? alarm.onsetAt) : until;
    },
    endCondition(rule, subject, at, latching) {
      const alarm = openAlarm(rule, subject);
      if (!alarm || alarm.conditionEndedAt !== null) return;
      if (latching && alarm.state === "raised") change(alarm, { conditionEndedAt: at, latched: true });
      else change(alarm, { conditionEndedAt: at, state: "resolved", resolvedAt: runtime.clock.now() });
    },
    resolve(alarm) {
      const current = byId.get(alarm.id);
      if (!current) return;
      const now = runtime.clock.now();
      change(current, {
        state: "resolved",
        latched: false,
        resolvedAt: now,
        conditionEndedAt: current.conditionEndedAt ?? now,
      });
    },
    acknowledge(view, id, revision, on) {
      const alarm = byId.get(id);
      if (!alarm || !isShown(view, alarm)) throw new RefusedInput("NOT_FOUND", { at: "id" });
      // What the person saw is what they answer: a condition that came back since is not silenced by this.
      if (alarm.revision !== revision) {
        throw new RefusedInput("CONFLICT", {
          at: "revision",
          expected: `${alarm.revision}, the alarm's present revision`,
          received: String(revision),
        });
      }
      if (alarm.state === "acknowledged") return alarm;
      const now = runtime.clock.now();
      const where = on === undefined ? {} : { acknowledgedOn: on };
      const by = { acknowledgedAt: now, acknowledgedBy: view.principal.display, ...where };
      const { conditionEndedAt } = alarm;
      if (conditionEndedAt === null && !isQuestion(alarm.rule)) return change(alarm, { ...by, state: "acknowledged" });
      const ended = { latched: false, conditionEndedAt: conditionEndedAt ?? now, resolvedAt: now };
      return change(alarm, { ...by, ...ended, state: "resolved" });
    },
    ofView(view) {
      const found: Alarm[] = [];
      for (const [patientId, alarms] of byPatient) {
        if (!view.has(patientId)) continue;
        const isAll = view.hiddenOf(patientId) === undefined;
        for (const alarm of alarms.values()) if (isAll || isShown(view, alarm)) found.push(alarm);
      }
      return found.sort(moreUrgent);
    },
    ofPatient: (patientId) => [...(byPatient.get(patientId)?.values() ?? [])].sort(moreUrgent),
    open: () => [...byId.values()],
    forget(patientId) {
      for (const alarm of byPatient.get(patientId)?.values() ?? []) {
        byId.delete(alarm.id);
        const subject = subjectOf(alarm);
        if (subject !== null) bySubject.delete(subjectKey(alarm.rule, subject));
      }
      byPatient.delete(patientId);
    },
    restore(alarms, resolved) {
      for (const alarm of resolved) {
        close(alarm.id);
        endedAt(alarm);
      }
      for (const alarm of alarms) index(alarm);
    },
  };
}

/** It is raised whatever the patient shares; it is shown to whom they show what it is about. */
const isShown = (view: PatientView, { patientId, signal }: Alarm): boolean =>
  view.has(patientId) && !isHidden(view, patientId, signal);

/** Priority, then the unanswered ones, then the newest; the id last, so that the order never depends on chance. */
export function moreUrgent(a: Alarm, b: Alarm): number {
  if (a.priority !== b.priority) return RANK[a.priority] - RANK[b.priority];
  if (a.state !== b.state) return a.state === "raised" ? -1 : 1;
  if (a.raisedAt !== b.raisedAt) return b.raisedAt - a.raisedAt;
  return a.id < b.id ? -1 : 1;
}
