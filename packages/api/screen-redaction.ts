import { type Role, withheldFrom } from "@openward/model";
import { liveMessage } from "./live.ts";
import { redacted } from "./redaction.ts";

/** Messages that say more than what was measured. */
const SAYS_MORE = /^\{"type":"(?:snapshot|patient|alarm|standby)"/;

/** What this role is shown of a message of /live; undefined: all of it. */
export function screenRedactor(role: Role): ((text: string) => string) | undefined {
  if (withheldFrom(role).size === 0) return undefined;
  return (text) => (SAYS_MORE.test(text) ? JSON.stringify(redacted(liveMessage, JSON.parse(text), role)) : text);
}
