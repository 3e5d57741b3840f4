import { z } from "zod";
import { telling } from "../redaction.ts";
import { deviceId, id, millis, problem, text } from "./common.ts";

export const quarantined = z.object({
  id,
  deviceId,
  receivedAt: millis,
  kind: z.enum(["readings", "waveform", "event", "status", "raw"]),
  contentType: z.string(),
  problems: z.array(problem),
  state: z.enum(["open", "claimed", "dismissed"]),
  size: z.number().int(),
  resolvedBy: telling("staff", z.string().nullable()),
  resolvedAt: millis.nullable(),
  patientId: id.nullable(),
});
export const quarantinedRaw = quarantined.extend({
  /** As text where the bytes are text, else as hexadecimal; at most 64 kB of either. */
  text: z.string().nullable(),
  hex: z.string().nullable(),
});
export const claim = z.object({
  patientId: id,
  /** Where the device's time is impossible: take the time of arrival instead. */
  useReceivedTime: z.boolean().default(false),
});
export const claimed = z.object({ accepted: z.number().int(), quarantined: z.array(problem) });

export const reprocess = z.object({
  /** Time of arrival; `to` is exclusive. */
  from: z.number().int(),
  to: z.number().int(),
  deviceId: z.string().max(64).nullable().default(null),
  patientId: id.nullable().default(null),
  /** Left out: nothing is changed. `confirm` is the `code` of the differences that were shown. */
  apply: z
    .object({ reason: text(480), confirm: text(64) })
    .nullable()
    .default(null),
});
const stored = z
  .object({
    time: z.number(),
    /** null for an event and a piece of a waveform. */
    value: z.number().nullable(),
    unit: z.string().nullable(),
    patientId: z.string().nullable(),
    samples: z.number().int().nullable(),
  })
  .nullable();
const counts = { added: z.number().int(), changed: z.number().int(), missing: z.number().int() };
const amendedAs = z.enum(["entered-in-error", "corrected", "re-attributed", "withdrawn"]);
export const reprocessed = z.object({
  /** Names these differences: what `confirm` repeats. */
  code: z.string(),
  messages: z.number().int(),
  /** Not compared: what devices say of themselves, and what a person has decided about. */
  skipped: z.number().int(),
  same: z.number().int(),
  ...counts,
  /** Of those, how many amendments cannot put right: events, samples that are otherwise, another patient, quality. */
  byHand: z.number().int(),
  /** Beside those: readings that a person has amended. They stay as that person said. */
  leftAlone: z.number().int(),
  streams: z.array(
    z.object({
      deviceId: z.string(),
      patientId: z.string().nullable(),
      signal: z.string(),
      unit: z.string().nullable(),
      kind: z.enum(["numeric", "waveform", "event"]),
      ...counts,
      /** Device time of the first and the last difference. */
      from: z.number(),
      to: z.number(),
      byHand: z.array(
        z.object({ because: z.enum(["event", "waveform", "patient", "quality"]), count: z.number().int() }),
      ),
      leftAlone: z.array(z.object({ by: telling("staff", z.string()), kind: amendedAs, count: z.number().int() })),
      examples: z.array(
        z.object({
          difference: z.enum(["added", "changed", "missing"]),
          fate: z.enum(["add", "correct", "enter in error", "withdraw", "replace", "leave", "by hand"]),
          /** Of one that is left alone. */
          amendedBy: telling("staff", z.string().nullable()),
          /** As it is read today; its value is null where it is not. */
          before: stored,
          after: stored,
        }),
      ),
    }),
  ),
  /** Differences of streams that are not listed. */
  streamsLeftOut: z.number().int(),
  refused: z.array(
    z.object({ code: z.string(), field: z.string(), places: z.number().int(), readings: z.number().int() }),
  ),
  unreadable: z.number().int(),
  faults: z.array(z.object({ position: z.number(), in: z.enum(["raw input", "journal"]), code: z.string() })),
  applied: z.object({ added: z.number().int(), amended: z.number().int(), resolved: z.number().int() }).nullable(),
});

export type Reprocessed = z.infer<typeof reprocessed>;

export const dismissal = z.object({ reason: text(200) });

export type QuarantinedBody = z.infer<typeof quarantined>;
