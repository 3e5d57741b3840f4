import { z } from "zod";

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
/** `patient`: record number or id. */
export const newHold = z.object({
  patient: z.string().trim().min(1).max(64),
  reason,
  until: millis.nullable().default(null),
});
export const endOfHold = z.object({ reason });
