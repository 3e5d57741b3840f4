import { z } from "zod";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const id = z.uuid();

export const purpose = z.enum(["care", "monitoring", "technical", "integration", "research", "family", "emergency"]);
export const basis = z.enum([
  "care-team",
  "ward-assignment",
  "invitation",
  "consent",
  "incident",
  "break-glass",
  "research-cohort",
  "organisation-token",
]);

/** What let somebody see a patient: a grant, or being the patient, deciding for them, the right to everything about them. */
export const seenBy = z.enum([...basis.options, "self", "guardian", "subject-right"]);

export const grantee = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["person", "token", "kiosk"]), id }),
  z.object({ kind: z.literal("role"), role: z.string().min(1).max(64) }),
]);
/** "ward": whoever lies on it, and for `afterStayMs` after they left it. */
export const reach = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("patient"), patientId: id }),
  z.object({
    kind: z.literal("ward"),
    wardId: id,
    afterStayMs: z
      .number()
      .int()
      .min(0)
      .max(366 * 86_400_000)
      .default(7 * 86_400_000),
  }),
  z.object({ kind: z.literal("organisation") }),
]);

export const grant = z.object({
  id,
  grantee,
  /** The person's name, where it is a person. */
  display: telling("staff", z.string().nullable()),
  reach,
  purpose,
  basis,
  from: millis,
  /** Ends by itself. */
  to: millis.nullable(),
  reason: telling("free-text", z.string().nullable()),
  createdAt: millis,
  createdBy: telling("staff", z.string()),
  endedAt: millis.nullable(),
  endedBy: telling("staff", z.string().nullable()),
  endReason: telling("free-text", z.string().nullable()),
  /** Kinds of data, of a grant that the patient gave; null or left out: all. */
  categories: z.array(z.string()).nullable().optional(),
});

/** What an administrator may give; consent, break-glass and tokens bring their own grants. */
export const newGrant = z.object({
  grantee: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("person"), id }),
    z.object({ kind: z.literal("role"), role: z.string().min(1).max(64) }),
  ]),
  reach,
  purpose,
  basis: z.enum(["care-team", "ward-assignment", "invitation", "incident", "research-cohort"]),
  from: millis.optional(),
  to: millis.nullable().optional(),
  reason: z.string().trim().max(500).optional(),
});
export const endOfGrant = z.object({ reason: z.string().trim().max(500).optional() });

/** The record number or the id, whole; whoever confirms knows that it is looked at afterwards. */
export const breakGlass = z.object({
  patient: z.string().trim().min(1).max(64),
  reason: z.string().trim().min(10).max(500),
  confirm: z.literal(true),
});
const outcome = z.enum(["justified", "not-justified", "unclear"]);
export const glassReview = z.object({ outcome, note: z.string().trim().max(500).optional() });
export const glassBroken = z.object({
  grant,
  /** The record number: what a reviewer looks the record up by. */
  mrn: z.string(),
  review: z.object({ outcome, note: z.string().nullable(), at: millis, by: z.string() }).nullable(),
});

/** Admitted, and watched by nobody since then. */
export const unwatched = z.object({
  /** By the patient's wish nobody who watches them sees these kinds of data; null: nobody watches them at all. */
  categories: z.array(z.string()).nullable(),
  patientId: id,
  mrn: telling("identifier", z.string()),
  wardId: id,
  wardName: telling("location", z.string()),
  bed: telling("location", z.string()),
  since: millis,
});
export const monitoringChange = z.object({ at: millis, isWatched: z.boolean() });

export type UnwatchedBody = z.infer<typeof unwatched>;
export type GlassBrokenBody = z.infer<typeof glassBroken>;
export type GrantBody = z.infer<typeof grant>;
export type NewGrantBody = z.input<typeof newGrant>;
