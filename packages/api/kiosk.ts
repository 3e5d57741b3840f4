import { KIOSK_SHOWS } from "@openward/model";
import { z } from "zod";
import { telling } from "./redaction.ts";

/** Bodies of screens on walls. */
const millis = z.number().int();
const id = z.uuid();
const shows = z.enum(KIOSK_SHOWS);
const name = telling("location", z.string());

/** As who manages sees it: which ward, which browser, when it was last heard of. */
export const kiosk = z.object({
  id,
  name,
  wardId: id,
  /** By what a patient is known there beside the bed. */
  shows,
  /** A badge alone answers an alarm there. */
  takesBadges: z.boolean(),
  createdAt: millis,
  /** "Firefox on Linux"; null: no browser has it. */
  browser: telling("location", z.string().nullable()),
  enrolledAt: millis.nullable(),
  seenAt: millis.nullable(),
  /** A code waits for a browser until then. */
  codeUntil: millis.nullable(),
});
export const newKiosk = z.object({
  name: z.string().trim().min(1).max(60),
  wardId: id,
  shows: shows.default("initials"),
  takesBadges: z.boolean().default(false),
});
/** For the browser of that screen, once: what to type there, or to open; `picture` is a QR code of the link, as an image's address. */
export const kioskCode = z.object({
  kiosk,
  code: z.string(),
  link: z.string(),
  picture: z.string(),
  codeUntil: millis,
});
export const enrolment = z.object({ code: z.string().trim().min(1).max(40) });

/** What the screen itself knows of itself. */
export const wall = z.object({
  id,
  name,
  organisation: z.object({ id, name, isDemo: z.boolean() }),
  ward: z.object({ id, name, timeZone: z.string() }),
  shows,
  takesBadges: z.boolean(),
  serverTime: millis,
});

/** A badge number or a sign-in name with the person's PIN, a badge alone where the screen takes it, or a passkey. */
const shown = z.union([
  z.object({ response: z.record(z.string(), z.unknown()) }),
  z.object({
    who: z.string().trim().min(1).max(80),
    pin: z
      .string()
      .regex(/^\d{1,12}$/)
      .optional(),
  }),
]);
export const answerAtWall = z.object({ revision: z.number().int(), by: shown });
/** What an authenticator has to sign; null where nobody can have a passkey. */
export const wallPasskey = z.object({ passkey: z.record(z.string(), z.unknown()).nullable() });
export const badge = z.object({ number: z.string().trim().min(1).max(80) });
export const hasBadge = z.object({ hasBadge: z.boolean() });

export type KioskBody = z.infer<typeof kiosk>;
export type KioskCodeBody = z.infer<typeof kioskCode>;
export type WallBody = z.infer<typeof wall>;
