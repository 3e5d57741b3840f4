import { RefusedInput } from "@openward/errors";
import type { Vault } from "../ports.ts";
import type { Sealed } from "../rows.ts";

/** The name under which a subscription's headers are sealed: they open for no other. */
const nameOf = (id: string): string => `subscription ${id}`;

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADERS_MAX = 10;
/** What says how the message is framed and where it goes is ours to say. */
const OURS = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "expect",
  "te",
  "trailer",
  "upgrade",
  "keep-alive",
  "proxy-connection",
  "user-agent",
]);

/** @throws RefusedInput FIELD_INVALID */
export function checkHeaders(lines: readonly string[]): void {
  if (lines.length > HEADERS_MAX) throw refuse(`at most ${HEADERS_MAX} headers`);
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).trim();
    if (!NAME.test(name) || !/^[\x20-\x7e]{1,4096}$/.test(value)) throw refuse("Name: value");
    if (OURS.has(name.toLowerCase())) throw refuse("no header that says how the message is sent");
  }
}

const refuse = (expected: string) => new RefusedInput("FIELD_INVALID", { at: "Subscription.channel.header", expected });

/** They may hold what its receiver lets us in by. */
export function sealHeaders(vault: Vault, id: string, lines: readonly string[]): Sealed | null {
  return lines.length === 0 ? null : vault.seal(nameOf(id), Buffer.from(JSON.stringify(lines)));
}

export function openHeaders(vault: Vault, id: string, sealed: Sealed | null): readonly string[] {
  if (!sealed) return [];
  return JSON.parse(Buffer.from(vault.open(nameOf(id), sealed.keyId, sealed.sealed)).toString("utf8")) as string[]; // sealed from one
}
