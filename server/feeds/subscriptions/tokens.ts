import { createHash } from "node:crypto";
import type { Random } from "@openward/runtime";

/** Whoever binds later asks for another. */
export const TOKEN_MS = 3_600_000;
/** Nobody needs so many; the oldest go. */
const KEPT_MAX = 10_000;

export interface Binding {
  readonly subscriptionIds: readonly string[];
  readonly expiresAt: number;
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64");

/** Tokens for the WebSocket, in memory: after a restart one asks anew, as one connects anew. */
export function createBindingTokens(random: Random, now: () => number) {
  const known = new Map<string, Binding>();
  return {
    issue(subscriptionIds: readonly string[]): { readonly token: string; readonly expiresAt: number } {
      for (const [hash, { expiresAt }] of known) if (expiresAt <= now()) known.delete(hash);
      if (known.size >= KEPT_MAX) known.delete(known.keys().next().value as string);
      const token = Buffer.from(random.bytes(32)).toString("base64url");
      const expiresAt = now() + TOKEN_MS;
      known.set(hashOf(token), { subscriptionIds, expiresAt });
      return { token, expiresAt };
    },
    /** undefined: it is none, or its time is over. */
    find(token: string): Binding | undefined {
      const found = known.get(hashOf(token));
      return found && found.expiresAt > now() ? found : undefined;
    },
  };
}

export type BindingTokens = ReturnType<typeof createBindingTokens>;

/**
 * The token in "bind-with-token TOKEN", with a colon or without, or in JSON as other servers' clients send it.
 *
 * @returns undefined: it is no such message
 */
export function tokenIn(text: string): string | undefined {
  const plain = /^bind-with-token:?\s+([A-Za-z0-9_-]{1,128})\s*$/.exec(text)?.[1];
  if (plain !== undefined) return plain;
  try {
    const { type, payload } = JSON.parse(text) as { type?: unknown; payload?: { token?: unknown } };
    return type === "bind-with-token" && typeof payload?.token === "string" ? payload.token : undefined;
  } catch {
    return undefined;
  }
}
