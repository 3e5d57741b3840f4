import { z } from "zod";
import { telling } from "../redaction.ts";
import { ageGroup, id, isoDate, millis, sex, text, timeZone } from "./common.ts";

export const ward = z.object({ id, name: z.string(), timeZone });
export const newWard = z.object({ name: text(80), timeZone });

export const patient = z.object({
  id,
  name: telling("name", z.string()),
  birthDate: telling("birth", isoDate.nullable()),
  sex: telling("sex", sex),
  mrn: telling("identifier", z.string()),
  isUnknown: z.boolean(),
  timeZone,
  /** From the birth date, or chosen; null where neither tells: then no limits are set until a person chooses. */
  ageGroup: telling("birth", ageGroup.nullable()),
  ageGroupSource: z.enum(["birth-date", "chosen", "unknown"]),
  /** Whose default limits are watched; null: nobody's (the age is not known and nobody has chosen, or not admitted). */
  limitsProfile: ageGroup.nullable(),
  mergedInto: id.nullable(),
  /** Where the patient lies now; null when not admitted. */
  stay: z
    .object({
      wardId: id,
      wardName: telling("location", z.string()),
      bed: telling("location", z.string()),
      from: millis,
    })
    .nullable(),
});

/** More than one patient lies in this bed, and somebody says so; else an occupied bed is refused. */
const shareBed = z.boolean().default(false);

export const admission = z
  .object({
    name: text(200).optional(),
    birthDate: isoDate.nullish(),
    sex: sex.default("unknown"),
    mrn: text(64).optional(),
    /** No identity yet: a name and a record number are made, and shown as unknown. */
    isUnknown: z.boolean().default(false),
    ageGroup: ageGroup.nullish(),
    wardId: id,
    bed: text(32),
    shareBed,
    timeZone: timeZone.optional(),
    /** The ids of the patients with a same or similar name that the person has looked at. */
    seenSimilar: z.array(id).default([]),
  })
  .refine((a) => a.isUnknown || (a.name && a.mrn), { message: "name and mrn are needed unless isUnknown" });

export const patientChange = z.object({
  name: text(200).optional(),
  birthDate: isoDate.nullish(),
  sex: sex.optional(),
  mrn: text(64).optional(),
  ageGroup: ageGroup.nullish(),
  isUnknown: z.boolean().optional(),
  seenSimilar: z.array(id).default([]),
});

export const transfer = z.object({ wardId: id, bed: text(32), shareBed });
export const merge = z.object({ into: id });

export type WardBody = z.infer<typeof ward>;
export type PatientBody = z.infer<typeof patient>;
export type AdmissionBody = z.input<typeof admission>;
