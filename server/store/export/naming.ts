import { createHmac } from "node:crypto";
import type { Naming } from "./columns.ts";

/** Ids as they are. */
export const identified: Naming = { patient: (id) => id, device: (id) => id };

/**
 * Names that hold within one export and nowhere else: made with a secret that is forgotten when it is written, so nobody
 * finds the id from a name, and two exports cannot be laid side by side.
 *
 * @param secret 32 random bytes
 */
export function pseudonyms(secret: Uint8Array): Naming {
  const known = new Map<string, string>();
  const name = (kind: string, id: string) => {
    const key = `${kind} ${id}`;
    const found = known.get(key);
    if (found) return found;
    const made = `${kind[0]}-${createHmac("sha256", secret).update(key).digest("hex").slice(0, 20)}`;
    known.set(key, made);
    return made;
  };
  return { patient: (id) => name("patient", id), device: (id) => name("device", id) };
}
