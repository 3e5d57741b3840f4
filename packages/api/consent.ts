import { z } from "zod";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const id = z.uuid();
const role = z.string().min(1).max(64);

/** A kind of data, as a patient would call it. */
export const dataCategory = z.object({
  key: z.string(),
  display: z.string(),
  /** "blood sugar, insulin and meals" */
  words: z.string(),
  /** Reaches whoever takes care, whatever is not shared besides. */
  isSafety: z.boolean(),
});

/** "everybody": whoever is here, but the patient and who decides for them. */
export const consentActor = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("everybody") }),
  z.object({ kind: z.literal("role"), role }),
  z.object({ kind: z.enum(["person", "token"]), id }),
]);

const statement = {
  decision: z.enum(["permit", "deny"]),
  categories: z.array(z.string().max(64)).min(1).max(64),
  /** "care" is everything that is not research; null (of what is denied only): whatever for. */
  purpose: z.enum(["care", "research"]).nullable(),
  actors: z.array(consentActor).min(1).max(20),
};

export const newConsent = z.object({
  ...statement,
  actors: z
    .array(
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("everybody") }),
        z.object({
          kind: z.literal("role"),
          role: z.enum([
            "family",
            "nurse",
            "physician",
            "clinical-engineer",
            "researcher",
            "administrator",
            "integration",
          ]),
        }),
        z.object({ kind: z.enum(["person", "token"]), id }),
      ]),
    )
    .min(1)
    .max(20),
  /** Now, where left out. */
  from: millis.optional(),
  /** Until it is taken back, where left out. */
  to: millis.nullable().optional(),
  /** Those from whom it hides something are not told that it does. */
  isSilent: z.boolean().default(false),
  note: z.string().trim().max(500).nullable().optional(),
  /** Needed where nobody would watch some kind of data any more. */
  confirm: z.boolean().default(false),
});
export const endOfConsent = z.object({ confirm: z.boolean().default(false) });

export const consent = z.object({
  ...statement,
  id,
  version: z.number().int(),
  patientId: id,
  status: z.enum(["active", "inactive"]),
  from: millis,
  to: millis.nullable(),
  isSilent: z.boolean(),
  note: telling("free-text", z.string().nullable()),
  saidAt: millis,
  saidBy: telling("staff", z.string()),
  saidAs: z.enum(["self", "guardian", "staff"]),
  /** Does not share blood sugar, insulin and meals with researchers. */
  words: telling("staff", z.string()),
});

/** By what somebody sees the patient. */
export const sharedWith = z.object({
  /** The person's name; null: everybody of the role. */
  display: z.string().nullable(),
  role: z.string().nullable(),
  /** Where they take care: a ward; null: this patient, or everybody. */
  reach: z.enum(["patient", "ward", "organisation"]),
  purpose: z.string(),
  basis: z.string(),
  from: millis,
  to: millis.nullable(),
  /** null: every kind. */
  categories: z.array(z.string()).nullable(),
});

export const sharing = z.object({
  patientId: id,
  mayDecide: z.boolean(),
  categories: z.array(dataCategory),
  /** Whom one can name: those who take care or study here, and one's own family. */
  people: z.array(z.object({ id, display: z.string(), role })),
  sees: z.array(sharedWith),
  consents: z.array(consent),
});

/** Why something is not there. */
export const hiddenKind = z.object({
  category: z.string(),
  display: z.string(),
  /** null: no statement hides it, it is just not among what was shared. */
  consentId: id.nullable(),
  since: millis.nullable(),
  /** "Hidden because the patient does not share blood sugar, insulin and meals with researchers" */
  words: telling("staff", z.string()),
});
export const patientConsents = z.object({ consents: z.array(consent), hidden: z.array(hiddenKind) });
export const explanation = z.object({ isSeen: z.boolean(), hidden: z.array(hiddenKind) });
