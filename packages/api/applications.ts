import { z } from "zod";

const millis = z.number().int();
const id = z.uuid();
const address = z.string().trim().min(1).max(2000);
const keys = {
  /** Public keys, as a JSON Web Key Set; or the address where they are. */
  jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
  jwksUri: address.optional(),
};

const kind = z.enum(["public", "secret", "key", "backend"]);

/** An application of another maker, as it was registered. */
export const application = z.object({
  id,
  name: z.string(),
  /** How it proves itself: not at all, with a secret, with keys; "backend" acts for nobody. */
  kind,
  redirectUris: z.array(z.string()),
  /** It can be opened from a patient's page. */
  launchUri: z.string().nullable(),
  /** The most that it can get, and as people read it. */
  scopes: z.array(z.object({ scope: z.string(), words: z.string() })),
  jwksUri: z.string().nullable(),
  mayIntrospect: z.boolean(),
  createdAt: millis,
  disabledAt: millis.nullable(),
  /** When it last got a token or asked for something, as far as that is kept. */
  lastUsedAt: millis.nullable(),
});
export const newApplication = z.object({
  name: z.string().trim().min(1).max(120),
  kind,
  scope: z.string().trim().min(1).max(4000),
  redirectUris: z.array(address).max(20).default([]),
  launchUri: address.optional(),
  mayIntrospect: z.boolean().default(false),
  ...keys,
});
export const newKeys = z.object(keys);
/** A secret is in this answer only; null for one that has none. */
export const applicationWithSecret = z.object({ application, secret: z.string().nullable() });
/** What can be opened from a patient's page. */
export const launchable = z.object({ id, name: z.string() });

export type ApplicationBody = z.infer<typeof application>;
export type LaunchableBody = z.infer<typeof launchable>;
