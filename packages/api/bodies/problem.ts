import { z } from "zod";
import { patient } from "./patients.ts";

/** RFC 9457, with our code and the field at fault. */
export const problemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  field: z.string().optional(),
  expected: z.string().optional(),
  /** Only for CONFLICT on admission: patients whose name is the same or similar. */
  similar: z.array(patient).optional(),
  /** Only for BED_OCCUPIED: who lies there. */
  occupants: z.array(patient).optional(),
});

export type ProblemDetails = z.infer<typeof problemDetails>;
