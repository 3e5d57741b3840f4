import { z } from "zod";
import { deviceId } from "./bodies/index.ts";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const id = z.uuid();
const hours = (max: number) => z.number().int().min(0).max(max);

/** One thing that a device can sign in with; what it is in itself is never shown again. */
const credential = z.object({
  id,
  kind: z.enum(["token", "certificate"]),
  createdAt: millis,
  createdBy: telling("staff", z.string()),
  /** null: until it is revoked. */
  expiresAt: millis.nullable(),
});
export const credentials = z.object({
  /** Those that are valid now. */
  credentials: z.array(credential),
  /** Devices for which this one may speak. */
  inCharge: z.array(deviceId),
});
/** How long those before stay valid beside the new one: 0 ends them at once. */
const overlapHours = hours(720);
export const newToken = z
  .object({ overlapHours: overlapHours.default(0), days: z.number().int().min(1).max(3660).nullable().default(null) })
  .optional();
export const newCertificate = z.object({
  /** Signing request (PEM) of a key that the device keeps; null: a key is made, and is in this answer only. */
  csr: z.string().max(20_000).nullable().default(null),
  days: z.number().int().min(1).max(397).default(90),
  /** null: until their own end. */
  overlapHours: overlapHours.nullable().default(null),
});
export const certificate = z.object({
  id: deviceId,
  certificate: z.string(),
  key: z.string().nullable(),
  /** Of our own authority: what the device trusts the server by. */
  authority: z.string(),
  expiresAt: millis,
});
export const newClaimCode = z.object({ hours: z.number().int().min(1).max(72).default(24) });
/** The code stands behind the # of the address, so that a browser which is sent there tells it to nobody. */
export const claimCode = z.object({ code: z.string(), url: z.string(), expiresAt: millis });
export const charge = z.object({ deviceId, isInCharge: z.boolean() });

export type CredentialsBody = z.infer<typeof credentials>;
export type CertificateBody = z.infer<typeof certificate>;
