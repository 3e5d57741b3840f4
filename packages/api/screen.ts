import { z } from "zod";
import { proof } from "./proof.ts";

/** Bodies of screens that lock. */
const pin = z.string().regex(/^\d{6,12}$/);
const minutes = z.number().int().min(1).max(120).nullable();

/** `minutes` without input, after which this screen is locked; null: never. */
export const screenLock = z.object({ minutes, hasPin: z.boolean() });
export const newScreenLock = z.object({ minutes });
export const newPin = z.object({ pin });
/** With what the person who signed in can open it. */
export const unlockWays = z.object({
  display: z.string(),
  passkey: z.record(z.string(), z.unknown()).nullable(),
  hasCodes: z.boolean(),
  hasPin: z.boolean(),
});
export const unlock = z.union([z.object({ pin }), ...proof.options]);
