import { createHmac, timingSafeEqual } from "node:crypto";
import type { Runtime } from "@openward/runtime";

const LASTS_MS = 5 * 60_000;
const NONCE_BYTES = 16;
const MAC_BYTES = 16;

/**
 * What an authenticator has to sign. A challenge carries its own end and our seal, so that a flood of them takes no
 * memory and drives out nobody's; those that were used are remembered until they would have ended.
 */
export function createChallenges({ clock, random }: Pick<Runtime, "clock" | "random">) {
  // New with each start: a challenge of before is asked for again.
  const key = Buffer.from(random.bytes(32));
  const used = new Map<string, number>();

  const seal = (body: Buffer, purpose: string) =>
    createHmac("sha256", key).update(body).update(purpose).digest().subarray(0, MAC_BYTES);

  return {
    make(purpose: string): Uint8Array<ArrayBuffer> {
      const body = Buffer.alloc(NONCE_BYTES + 8);
      body.set(random.bytes(NONCE_BYTES));
      body.writeBigUInt64BE(BigInt(clock.now() + LASTS_MS), NONCE_BYTES);
      return new Uint8Array(Buffer.concat([body, seal(body, purpose)]));
    },

    /** Ours, for this purpose, in time and not used yet. */
    isGood(challenge: string, purpose: string): boolean {
      const bytes = Buffer.from(challenge, "base64url");
      if (bytes.length !== NONCE_BYTES + 8 + MAC_BYTES) return false;
      const body = bytes.subarray(0, NONCE_BYTES + 8);
      if (!timingSafeEqual(seal(body, purpose), bytes.subarray(NONCE_BYTES + 8))) return false;
      return Number(body.readBigUInt64BE(NONCE_BYTES)) > clock.now() && !used.has(bytes.toString("base64url"));
    },

    /** @returns false: somebody was faster */
    use(challenge: string): boolean {
      const now = clock.now();
      for (const [old, end] of used) if (end <= now) used.delete(old);
      const name = Buffer.from(challenge, "base64url").toString("base64url");
      if (used.has(name)) return false;
      used.set(name, now + LASTS_MS);
      return true;
    },
  };
}

export type Challenges = ReturnType<typeof createChallenges>;
