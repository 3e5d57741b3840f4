import { FACTS, RELATIONS } from "@openward/model";
import { z } from "zod";
import { telling } from "../redaction.ts";
import { deviceId, id, isoDate, millis, principal, role, text, timeZone } from "./common.ts";

export const session = z.object({
  principal,
  organisation: z.object({ id, name: z.string(), isDemo: z.boolean() }),
  serverTime: millis,
  expiresAt: millis,
  /** This screen is locked after so long without input; null: never. */
  lockAfterMs: millis.nullable(),
});

export const signIn = z.object({ token: z.string().min(20).max(200) });

export const person = z.object({ id, display: z.string(), role, createdAt: millis, disabledAt: millis.nullable() });
/** Where a person is told what cannot wait until they sign in, that nobody watches. It is never answered. */
const email = z.email().max(254);
export const newPerson = z.object({ display: text(120), role, email: email.optional() });
export const personChange = z
  .object({
    display: text(120).optional(),
    role: role.optional(),
    /** null: nowhere. */
    email: email.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((one) => one !== undefined), "one of display, role, email");

export const relation = z.object({
  id,
  patientId: id,
  personId: id,
  /** Display name of the person. */
  person: telling("name", z.string()),
  relation: z.enum(RELATIONS),
  reason: telling("free-text", z.string()),
  from: millis,
  to: millis.nullable(),
  maySee: z.boolean(),
  mayDecide: z.boolean(),
  /** What stands against it. */
  because: z.enum(["ended", ...FACTS]).nullable(),
});
export const fact = z.object({
  id,
  patientId: id,
  fact: z.enum(FACTS),
  reason: telling("free-text", z.string()),
  from: millis,
  to: millis.nullable(),
});
export const relations = z.object({ relations: z.array(relation), facts: z.array(fact) });
/** Options for, and answers of, an authenticator, as WebAuthn has them in JSON. */
export const webAuthn = z.looseObject({});
export const passkeyAnswer = z.object({ response: webAuthn });
export const newPasskey = z.object({ name: text(60), response: webAuthn });
export const passkey = z.object({
  id,
  name: z.string(),
  /** Kept by the authenticator's maker too, and so on the person's other devices. */
  isSynced: z.boolean(),
  createdAt: millis,
  lastUsedAt: millis.nullable(),
});
export const ownApplication = z.object({
  id,
  name: z.string(),
  /** What it may, in words. */
  scopes: z.array(z.string()),
  since: millis,
  /** When it last got a token, of those that are kept. */
  lastTokenAt: millis.nullable(),
  expiresAt: millis,
});
export const ownSession = z.object({
  id,
  method: z.enum(["link", "passkey", "codes", "external"]),
  /** "Firefox on Android". */
  device: z.string(),
  createdAt: millis,
  lastUsedAt: millis,
  expiresAt: millis,
  isThis: z.boolean(),
});

/** Whom the person who asks stands beside, and as what. */
export const me = z.object({
  patients: z.array(
    z.object({
      patientId: id,
      name: z.string(),
      birthDate: isoDate.nullable(),
      timeZone,
      relation: z.enum(RELATIONS),
      since: millis,
      maySee: z.boolean(),
      mayDecide: z.boolean(),
      because: z.enum(["ended", ...FACTS]).nullable(),
      /** Since when nobody watches what is measured; null: somebody does, or nobody ever did. */
      unwatchedSince: millis.nullable(),
    }),
  ),
});
export const myDevice = z.object({
  patientId: id,
  id: deviceId,
  display: z.string(),
  type: z.string(),
  since: millis,
  /** Percent. */
  battery: z.number().nullable(),
  isConnected: z.boolean(),
  lastSeenAt: millis.nullable(),
});
export const newRelation = z.object({
  personId: id,
  relation: z.enum(RELATIONS),
  reason: text(200),
  /** Now where it is left out. */
  from: millis.optional(),
  to: millis.nullable().optional(),
});
export const newFact = z.object({ fact: z.enum(FACTS), reason: text(200), from: millis.optional() });
/** The link works once and ends at `expiresAt`. */
export const personWithLink = z.object({ person, link: z.string(), expiresAt: millis });
/** By mail where an address is given; it is not kept. */
export const linkDelivery = z.object({ email: z.email().max(254) }).optional();
/** null: it went by mail, and is shown to nobody else. */
export const deliveredLink = personWithLink.extend({ link: z.string().nullable() });

export type Session = z.infer<typeof session>;
export type PersonBody = z.infer<typeof person>;
export type RelationBody = z.infer<typeof relation>;
export type PasskeyBody = z.infer<typeof passkey>;
export type OwnSession = z.infer<typeof ownSession>;
export type MeBody = z.infer<typeof me>;
export type MyDevice = z.infer<typeof myDevice>;
export type FactBody = z.infer<typeof fact>;
