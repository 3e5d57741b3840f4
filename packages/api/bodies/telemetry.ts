import { z } from "zod";
import { telling } from "../redaction.ts";
import { deviceId, id, millis, text } from "./common.ts";

export const latest = z.object({
  streamId: id,
  signal: z.string(),
  deviceId,
  /** As received. */
  value: z.number(),
  unit: z.string(),
  /** Device time. */
  at: millis,
  receivedAt: millis,
  quality: z.number().int(),
});

export const streamInfo = z.object({
  id,
  signal: z.string(),
  kind: z.enum(["numeric", "waveform"]),
  unit: z.string(),
  deviceId,
  deviceDisplay: z.string(),
  lastAt: millis.nullable(),
  latest: latest.nullable(),
  expectedIntervalMs: z.number().nullable(),
  expectationSource: z.enum(["device-type", "learned", "confirmed", "on-demand"]),
});

/** One bucket per array position; null where nothing was measured. Values in the signal's own unit. */
export const trend = z.object({
  streamId: id,
  signal: z.string(),
  unit: z.string(),
  deviceId,
  starts: z.array(millis),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
  mean: z.array(z.number().nullable()),
  last: z.array(z.number().nullable()),
  count: z.array(z.number().int()),
});

/** value = sample x scale + origin; null is a gap. */
export const waveformPiece = z.object({
  start: z.number(),
  rateHz: z.number(),
  scale: z.number(),
  origin: z.number(),
  samples: z.array(z.number().int().nullable()),
});

export const waveformOverview = z.object({
  starts: z.array(millis),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
});

export const expectation = z.object({ intervalMs: z.number().int().min(100).max(2_592_000_000).nullable() });

/** What somebody said later of what was measured. It is laid over it; what was received stays. */
export const amendment = z.object({
  id,
  kind: z.enum(["entered-in-error", "corrected", "re-attributed"]),
  deviceId,
  /** null: everything that the device measured. */
  streamId: id.nullable(),
  signal: z.string().nullable(),
  /** Device time; of one reading its own time, and one millisecond. */
  from: millis,
  to: millis,
  isReading: z.boolean(),
  /** Of one reading: what came, in `unit`; null too where it is another patient's now. */
  received: z.number().nullable(),
  corrected: z.number().nullable(),
  unit: z.string().nullable(),
  /** Of a re-attribution: did this patient lose it, or get it? */
  direction: z.enum(["away", "here"]).nullable(),
  /** The other patient; null where the caller may not see them. */
  otherPatientId: id.nullable(),
  by: telling("staff", z.string()),
  reason: telling("free-text", z.string()),
  at: millis,
  /** It does not hold any more. */
  withdrawn: z
    .object({ by: telling("staff", z.string()), reason: telling("free-text", z.string()), at: millis })
    .nullable(),
});
/**
 * `corrected`, and `entered-in-error` of one reading: `streamId`, `at` (and `ordinal`). Of a span: `from`, `to`, and
 * `streamId`, or `deviceId` for all that it measured. `re-attributed`: `deviceId`, `from`, `to`, `toPatientId`.
 */
export const newAmendment = z.object({
  kind: z.enum(["entered-in-error", "corrected", "re-attributed"]),
  streamId: id.optional(),
  deviceId: deviceId.optional(),
  at: millis.optional(),
  ordinal: z.number().int().min(0).max(65_535).default(0),
  from: millis.optional(),
  to: millis.optional(),
  /** Of a correction, in `unit` (UCUM). */
  value: z.number().optional(),
  unit: z.string().max(64).optional(),
  toPatientId: id.optional(),
  /** The newest amendment of it that the person saw; 409 when another holds. */
  seen: id.nullable().default(null),
  reason: text(500),
});
export const withdrawal = z.object({ reason: text(500) });

export type StreamInfo = z.infer<typeof streamInfo>;
export type LatestBody = z.infer<typeof latest>;
export type TrendBody = z.infer<typeof trend>;
export type WaveformPiece = z.infer<typeof waveformPiece>;
export type AmendmentBody = z.infer<typeof amendment>;
export type NewAmendmentBody = z.input<typeof newAmendment>;
