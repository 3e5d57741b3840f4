import type { Clock } from "@openward/runtime";

const WINDOW_MS = 60_000;
const ALLOWED = 10;
const REMEMBERED = 10_000;

/**
 * Wrong tokens, counted per address and device, so that guessing is slow and nobody can lock out a device from elsewhere.
 * Bounded: the oldest pair is forgotten first.
 */
export interface SignInFailures {
  isBlocked(address: string, deviceId: string): boolean;
  add(address: string, deviceId: string): void;
}

export function createSignInFailures({ clock }: { clock: Clock }): SignInFailures {
  const seen = new Map<string, { count: number; since: number }>();
  const find = (key: string) => {
    const entry = seen.get(key);
    if (!entry || clock.monotonic() - entry.since < WINDOW_MS) return entry;
    seen.delete(key);
    return undefined;
  };
  return {
    isBlocked: (address, deviceId) => (find(`${address} ${deviceId}`)?.count ?? 0) >= ALLOWED,
    add(address, deviceId) {
      const key = `${address} ${deviceId}`;
      const entry = find(key);
      if (entry) {
        entry.count++;
        return;
      }
      if (seen.size >= REMEMBERED) {
        const oldest = seen.keys().next();
        if (!oldest.done) seen.delete(oldest.value);
      }
      seen.set(key, { count: 1, since: clock.monotonic() });
    },
  };
}
