import { randomUUID } from "node:crypto";
import type { AlarmBody, LimitsBody, StandbyBody } from "@openward/api";
import { type Answers, found, Refusal } from "./call.ts";
import { sendAll, tell } from "./live.ts";
import { adultLimits, alarms, limits, patientOf, standby } from "./ward.ts";

/** Alarms, their limits, and when there are none. */
export const alarmAnswers = {
  alarms: () => alarms.filter((a) => a.state !== "resolved"),
  patientAlarms: (c) =>
    [
      ...alarms.filter((a) => a.patientId === c.params.id),
      ...[2, 5, 9, 20].map(
        (h, i): AlarmBody => ({
          ...alarms[i % 4]!,
          id: `old-${i}`,
          patientId: c.params.id!,
          state: "resolved",
          onsetAt: Date.now() - h * 3_600_000,
          raisedAt: Date.now() - h * 3_600_000,
          acknowledgedAt: Date.now() - h * 3_600_000 + 45_000,
          acknowledgedBy: "Nina Berg",
          conditionEndedAt: Date.now() - h * 3_600_000 + 90_000,
          resolvedAt: Date.now() - h * 3_600_000 + 90_000,
        }),
      ),
    ].sort((a, b) => b.raisedAt - a.raisedAt),
  acknowledge: (c) => {
    const alarm = found(alarms.find((a) => a.id === c.params.id));
    Object.assign(alarm, {
      state: "acknowledged",
      revision: alarm.revision + 1,
      acknowledgedAt: Date.now(),
      acknowledgedBy: "Ada Moen",
    });
    sendAll({ type: "alarm", alarm });
    return alarm;
  },
  limits: (c) => ({ profile: patientOf(c).limitsProfile, limits: limits.get(c.params.id!) ?? [] }),
  setLimits: (c) => {
    const present = limits.get(c.params.id!) ?? [];
    for (const { signal, seen } of c.body.limits) {
      const revision = present.find((l) => l.signal === signal)?.revision ?? null;
      if (seen !== undefined && seen !== revision)
        throw new Refusal(409, "CONFLICT", "The request conflicts with the present state.", {
          field: "limits[0].seen",
        });
    }
    const now = { setBy: "Ada Moen", setAt: Date.now(), isDefault: false, revision: `set ${Date.now()}` };
    const changed: LimitsBody[] = c.body.limits.map((l: LimitsBody & { seen?: string }) => {
      const { seen: _, ...set } = l;
      return { ...set, ...now };
    });
    limits.set(c.params.id!, [
      ...(limits.get(c.params.id!) ?? []).filter((l) => !changed.some((n) => n.signal === l.signal)),
      ...changed,
    ]);
    tell(c.params.id!);
    return { profile: patientOf(c).limitsProfile, limits: limits.get(c.params.id!) };
  },
  chooseProfile: (c) => {
    const p = patientOf(c);
    if (p.ageGroup !== null && p.ageGroup !== c.body.ageGroup && !c.body.confirm)
      throw new Refusal(409, "AGE_GROUP_DIFFERS", "These are not the limits of the patient's age.", {
        field: "confirm",
      });
    p.limitsProfile = c.body.ageGroup;
    limits.set(p.id, adultLimits());
    tell(p.id);
    return { profile: p.limitsProfile, limits: limits.get(p.id) };
  },
  standby: (c) => standby.filter((s) => s.patientId === c.params.id && s.endedAt === null),
  startStandby: (c) => {
    const s: StandbyBody = {
      id: randomUUID(),
      patientId: c.params.id!,
      streamId: c.body.streamId,
      reason: c.body.reason,
      from: Date.now(),
      until: Date.now() + c.body.minutes * 60_000,
      startedBy: "Ada Moen",
      endedAt: null,
    };
    standby.push(s);
    sendAll({ type: "standby", standby: s });
    return s;
  },
  endStandby: (c) => {
    const s = found(standby.find((x) => x.id === c.params.standbyId));
    s.endedAt = Date.now();
    sendAll({ type: "standby", standby: s });
    return s;
  },
} satisfies Answers;
