import { z } from "zod";
import * as grants from "../grants.ts";
import { telling } from "../redaction.ts";
import { id, millis } from "./common.ts";

const auditWho = z.object({
  kind: z.string(),
  id: z.string().nullable(),
  display: z.string(),
  role: z.string().nullable(),
});

/** One access or one change, as the audit log has it: internal ids and kinds of things, no values. */
export const auditEntry = z.object({
  id,
  at: millis,
  who: auditWho,
  onBehalfOf: auditWho.nullable(),
  /** The screen on a wall at which they showed who they are. */
  through: auditWho.nullable(),
  /** FHIR's: create, read, update, delete, execute. */
  action: z.enum(["C", "R", "U", "D", "E"]),
  code: z.string(),
  patients: z.array(z.string()),
  entity: z.string(),
  entityId: z.string().nullable(),
  via: z.string(),
  purpose: z.string().nullable(),
  basis: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
  refusal: z.string().nullable(),
  address: z.string().nullable(),
});

/** Who looked at what, when and why, in plain words. */
export const accessEntry = z.object({
  id,
  at: millis,
  words: telling("staff", z.string()),
  by: telling("staff", z.string()),
  /** null: a stranger, or the server itself. */
  byId: telling("staff", z.string().nullable()),
  role: z.string().nullable(),
  /** The permission that showed it to them, as far as it is still known; `reason` of an emergency only. */
  because: z
    .object({ purpose: grants.purpose, basis: grants.seenBy, reason: telling("free-text", z.string().nullable()) })
    .nullable(),
  entity: z.string(),
  purpose: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
});

export type AccessEntry = z.infer<typeof accessEntry>;
