import { z } from "zod";
import { telling } from "./redaction.ts";

const millis = z.number().int();

/** What a client of Nightscout signs in with, for one patient and in the name of whoever made it. */
export const nightscoutKey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** It may also write; as which device, and that is on the patient while the key opens. */
  deviceId: z.string().nullable(),
  madeBy: telling("name", z.string()),
  isMine: z.boolean(),
  createdAt: millis,
  usedAt: millis.nullable(),
});

export const nightscoutKeys = z.object({
  patientId: z.uuid(),
  /** Who decides for the patient may let a client upload; who only sees them may let one read. */
  mayUpload: z.boolean(),
  /** "https://ward.example": clients are told this, or what `nightscoutKeyWithSecret` has. */
  address: z.url(),
  keys: z.array(nightscoutKey),
});

export const newNightscoutKey = z.object({
  name: z.string().trim().min(1).max(80),
  uploads: z.boolean(),
  /** What the app measured before, so many days back, is the patient's as well. */
  pastDays: z.number().int().min(0).max(3650).default(30),
});

/** The token, which is the API secret of other clients, is in this answer only. */
export const nightscoutKeyWithSecret = z.object({
  patientId: z.uuid(),
  key: nightscoutKey,
  token: z.string(),
  /** The address with the token in it, as xDrip+ takes it. */
  url: z.string(),
});

export type NightscoutKeyBody = z.infer<typeof nightscoutKey>;
export type NightscoutKeysBody = z.infer<typeof nightscoutKeys>;
export type NightscoutKeyWithSecretBody = z.infer<typeof nightscoutKeyWithSecret>;
