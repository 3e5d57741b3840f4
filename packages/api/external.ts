import { z } from "zod";

/** Bodies of sign-in at an identity provider outside. */
const millis = z.number().int();

/** Where the browser goes. */
export const externalBegun = z.object({ url: z.string() });
/** The query with which the provider sent the browser back. */
export const externalAnswer = z.object({ answer: z.string().min(1).max(4096) });
export const externalIdentity = z.object({
  id: z.uuid(),
  issuer: z.string(),
  linkedAt: millis,
  lastUsedAt: millis.nullable(),
});
