import { z } from "zod";
import { telling } from "./redaction.ts";

/** Why somebody does for another what only a right allows: a request, a law, a case number. It stays in the audit log. */
export const reason = z.string().trim().min(3).max(500);

/** An archive with everything about one patient. */
export const archive = z.file();
export const exportRequest = z.object({ reason });

const millis = z.number().int();
const id = z.uuid();

/** While it runs, nothing of the patient is erased and nothing has its time. */
export const hold = z.object({
  id,
  patientId: id,
  mrn: z.string(),
  reason: z.string(),
  from: millis,
  /** Ends by itself; null: when somebody ends it. */
  to: millis.nullable(),
  createdBy: z.string(),
  endedAt: millis.nullable(),
  endedBy: z.string().nullable(),
  endReason: z.string().nullable(),
});
/** The record number whole: nothing like it is looked for. */
export const recordAsked = z.object({ mrn: z.string().trim().min(1).max(64) });
export const recordFound = z.object({ patientId: id, mrn: z.string() });

/** `patient`: record number or id. */
export const newHold = z.object({
  patient: z.string().trim().min(1).max(64),
  reason,
  until: millis.nullable().default(null),
});
export const endOfHold = z.object({ reason });

/** Something of a patient that went to a program, or out of the house as a file. */
export const disclosure = z.object({
  at: millis,
  to: telling("staff", z.string()),
  role: z.string().nullable(),
  what: z.string(),
  via: z.string(),
  purpose: z.string().nullable(),
  address: z.string().nullable(),
  words: telling("staff", z.string()),
});

/** Whom somebody was shown in a span. */
export const affected = z.object({
  patientId: id,
  times: z.int(),
  first: millis,
  last: millis,
  entities: z.array(z.string()),
});
