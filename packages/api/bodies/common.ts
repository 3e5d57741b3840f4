import { ROLES } from "@openward/model";
import { z } from "zod";

/** Milliseconds since 1970, UTC. */
export const millis = z.number().int();
export const id = z.uuid();
export const deviceId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -");
export const isoDate = z.iso.date();
export const timeZone = z.string().min(1).max(64);
export const text = (max: number) => z.string().trim().min(1).max(max);

export const role = z.enum(ROLES);
export const sex = z.enum(["male", "female", "other", "unknown"]);
export const ageGroup = z.enum(["neonate", "pediatric", "adult"]);
export const priority = z.enum(["high", "medium", "low"]);

export const principal = z.object({
  kind: z.enum(["person", "token", "system"]),
  id: z.string(),
  display: z.string(),
  role,
});

export const problem = z.object({
  index: z.number().int(),
  code: z.string(),
  field: z.string(),
  expected: z.string().optional(),
  readings: z.number().int(),
});
