import { z } from "zod";
import { millis } from "./common.ts";

/**
 * "damaged": `openward store verify` found rows that cannot be read. "low": the disk is filling up. "recovering": after a start, what was measured
 * before it is still being read back. "spooling": the database does not answer and readings go to the local spool. "full": the
 * disk is, and devices get no acks until there is room. "failed": nothing can be made durable.
 */
export const storageState = z.enum(["ok", "damaged", "low", "recovering", "spooling", "full", "failed"]);
export type StorageState = z.infer<typeof storageState>;

export const system = z.object({
  version: z.string(),
  publicUrl: z.string(),
  mqtt: z.object({ host: z.string(), port: z.number().int() }),
  storage: storageState,
  /** Room on the disks that are written to; null where it cannot be asked. */
  disks: z.array(z.object({ name: z.string(), freeBytes: z.number().nullable() })),
  /** Of older readings: "failing" when it does not answer, "damaged" when a file is missing or not what was written. */
  archive: z.enum(["off", "ok", "failing", "damaged"]),
  /** Sign-in links can go by mail. */
  mail: z.boolean(),
  serverTime: millis,
});

/** What may be known before signing in. */
/** `passkeysAt`: where a page must be to ask for a passkey; null: at no address of this server. */
export const about = z.object({
  isDemo: z.boolean(),
  passkeysAt: z.string().nullable(),
  /** What the identity provider outside is called; null: there is none. */
  external: z.string().nullable(),
});

export type SystemBody = z.infer<typeof system>;
