import { z } from "zod";
import { telling } from "../redaction.ts";
import { ageGroup, deviceId, id, millis, priority, text } from "./common.ts";

export const alarm = z.object({
  id: z.string(),
  revision: z.number().int(),
  patientId: id,
  deviceId: deviceId.nullable(),
  streamId: id.nullable(),
  signal: z.string().nullable(),
  rule: z.enum([
    "limit-high",
    "limit-low",
    "critical-high",
    "critical-low",
    "missing-data",
    "event",
    "device-offline",
    "device-twin",
    "device-clock",
    "gateway-silent",
    "wearer-jump",
    "wearer-mixed",
    "wearer-apart",
  ]),
  priority,
  state: z.enum(["raised", "acknowledged", "resolved"]),
  latched: z.boolean(),
  onsetAt: millis,
  raisedAt: millis,
  conditionEndedAt: millis.nullable(),
  acknowledgedAt: millis.nullable(),
  /** Display name of the person. */
  acknowledgedBy: telling("staff", z.string().nullable()),
  /** The screen on a wall at which they were not signed in. */
  acknowledgedOn: telling("location", z.string().optional()),
  resolvedAt: millis.nullable(),
  value: z.number().nullable(),
  limit: z.number().nullable(),
  unit: z.string().nullable(),
});

export const limits = z.object({
  signal: z.string(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  criticalLow: z.number().nullable(),
  criticalHigh: z.number().nullable(),
  priority,
  delayMs: z.number().int().min(0).max(600_000),
  hysteresis: z.number().min(0),
  latching: z.boolean(),
  enabled: z.boolean(),
  setBy: telling("staff", z.string()),
  setAt: millis,
  /** As the profile of the age group has them; false: a person has set them for this patient. */
  isDefault: z.boolean(),
  /** Names what is in force, to be given back as `seen` by whoever replaces it. */
  revision: z.string(),
});
export const newLimits = limits.omit({ setBy: true, setAt: true, isDefault: true, revision: true });
export const limitsChange = newLimits.extend({
  /** The `revision` that the person saw, null where there was none; 409 when another is in force. */
  seen: z.string().max(64).nullable().optional(),
});
export const profileChoice = z.object({
  ageGroup,
  /** Needed where the group is not that of the patient's known age: somebody has been told, and means it. */
  confirm: z.boolean().default(false),
});
export const limitsOfPatient = z.object({
  /** null: the age is not known, and nobody has chosen: no limit is watched, and the portal asks. */
  profile: ageGroup.nullable(),
  limits: z.array(limits),
});

export const standby = z.object({
  id,
  patientId: id,
  streamId: id.nullable(),
  reason: telling("free-text", z.string()),
  from: millis,
  until: millis,
  startedBy: telling("staff", z.string()),
  endedAt: millis.nullable(),
});
export const newStandby = z.object({
  streamId: id.nullable().default(null),
  reason: text(200),
  /** How long from now; at most 12 hours. */
  minutes: z.number().int().min(1).max(720),
});

export type AlarmBody = z.infer<typeof alarm>;
export type LimitsBody = z.infer<typeof limits>;
export type StandbyBody = z.infer<typeof standby>;
