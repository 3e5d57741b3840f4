import { createHash, randomUUID } from "node:crypto";
import type { AlarmBody, LimitsBody, StandbyBody, Tile } from "@openward/api";
import { people } from "../people.ts";
import { type FakeStream, streamsOf } from "../physiology.ts";
import { type Call, found } from "./call.ts";

/** Who lies in the invented ward, what is measured of them, and what is wrong. */
export const streams = new Map<string, FakeStream[]>(people.map((p) => [p.patient.id, streamsOf(p)]));
export const alarms: AlarmBody[] = [];
export const standby: StandbyBody[] = [];
export const limits = new Map<string, LimitsBody[]>();

const limit = (
  signal: string,
  low: number | null,
  high: number | null,
  criticalLow: number | null,
  criticalHigh: number | null,
): LimitsBody => ({
  signal,
  low,
  high,
  criticalLow,
  criticalHigh,
  priority: "medium",
  delayMs: 10_000,
  hysteresis: 1,
  latching: false,
  enabled: true,
  setBy: "profile adult",
  setAt: Date.now() - 86_400_000,
  isDefault: true,
  revision: "profile adult",
});

export function adultLimits(): LimitsBody[] {
  return [
    limit("heart-rate", 50, 120, 40, 150),
    limit("spo2", 90, null, 85, null),
    limit("respiratory-rate", 8, 30, 5, 35),
    limit("nibp-systolic", 90, 160, 70, 200),
    limit("body-temperature", 36, 39, null, null),
  ];
}

function raise(
  i: number,
  signal: string | null,
  rule: AlarmBody["rule"],
  priority: AlarmBody["priority"],
  value: number | null,
  lim: number | null,
  agoS: number,
  over: Partial<AlarmBody> = {},
): void {
  const p = people[i]!.patient;
  const stream = streams.get(p.id)?.find((s) => s.signal === signal);
  const at = Date.now() - agoS * 1000;
  alarms.push({
    id: createHash("sha256").update(`${p.id}${signal}${rule}`).digest("hex").slice(0, 32),
    revision: 1,
    patientId: p.id,
    deviceId: stream?.deviceId ?? null,
    streamId: stream?.id ?? null,
    signal,
    rule,
    priority,
    state: "raised",
    latched: false,
    onsetAt: at - 10_000,
    raisedAt: at,
    conditionEndedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    value,
    limit: lim,
    unit: stream?.unit ?? null,
    ...over,
  });
}
raise(1, "spo2", "critical-low", "high", 83, 85, 42);
raise(1, "heart-rate", "limit-high", "medium", 131, 120, 30);
raise(3, "respiratory-rate", "limit-high", "medium", 31, 30, 190);
raise(3, "body-temperature", "limit-high", "low", 39.2, 39, 700);
raise(6, "heart-rate", "missing-data", "low", null, null, 230);
raise(7, "heart-rate", "limit-high", "medium", 152, 140, 320, {
  state: "acknowledged",
  acknowledgedAt: Date.now() - 60_000,
  acknowledgedBy: "Nina Berg",
  revision: 2,
});
for (const p of people) limits.set(p.patient.id, p.patient.ageGroup ? adultLimits() : []);
standby.push({
  id: randomUUID(),
  patientId: people[5]!.patient.id,
  streamId: null,
  reason: "in the bath",
  from: Date.now() - 600_000,
  until: Date.now() + 1_500_000,
  startedBy: "Nina Berg",
  endedAt: null,
});

export const latestOf = (patientId: string, s: FakeStream) => {
  const person = people.find((p) => p.patient.id === patientId)!;
  const isOff = person.scenario === "offline" && s.deviceId.startsWith("mon");
  const at =
    s.expectedIntervalMs === null
      ? Date.now() - 60_000 * (s.signal === "body-temperature" ? 95 : 14)
      : isOff
        ? Date.now() - 240_000
        : Date.now() - 200;
  return {
    streamId: s.id,
    signal: s.signal,
    deviceId: s.deviceId,
    value: Math.round((s.base + s.swing * Math.sin(Date.now() / 4000 + s.base)) * 10) / 10,
    unit: s.unit,
    at: Math.round(at),
    receivedAt: Math.round(at) + 20,
    quality: 0,
  };
};

export function tileOf(patientId: string): Tile | null {
  const person = people.find((p) => p.patient.id === patientId);
  if (!person?.patient.stay) return null;
  const own = streams.get(patientId) ?? [];
  return {
    patient: person.patient,
    latest: own.filter((s) => s.kind === "numeric").map((s) => latestOf(patientId, s)),
    streams: own.map(({ id, signal, kind, unit, deviceId, expectedIntervalMs }) => ({
      id,
      signal,
      kind,
      unit,
      deviceId,
      expectedIntervalMs,
    })),
    alarms: alarms.filter((a) => a.patientId === patientId && a.state !== "resolved"),
    standby: standby.filter((s) => s.patientId === patientId && s.endedAt === null),
  };
}

export const patientOf = (c: Call) => found(people.find((p) => p.patient.id === c.params.id)).patient;
