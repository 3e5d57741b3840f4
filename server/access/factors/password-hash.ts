import { type Argon2Parameters, argon2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { RefusedInput } from "@openward/errors";
import type { Random } from "@openward/runtime";

const derive = promisify<"argon2id", Argon2Parameters, Buffer>(argon2);

// OWASP's smallest set: 19 MiB, two passes, one lane.
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
const FORM = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
/** Each takes memory and a thread that reading and writing files also wants. */
const AT_ONCE = 2;
const WAITING_MAX = 50;

/** Argon2id in its usual text form. Of those who ask at the same time a bounded number waits. */
export function createPasswordHash(random: Random) {
  let running = 0;
  const waiting: (() => void)[] = [];

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MAX) throw new RefusedInput("RATE_LIMITED", { retryAfterS: 5 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };

  return {
    hash: (password: string): Promise<string> =>
      inTurn(async () => {
        const nonce = Buffer.from(random.bytes(16));
        const tag = await derive("argon2id", { ...PARAMETERS, message: normal(password), nonce });
        const { memory, passes, parallelism } = PARAMETERS;
        return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plain(nonce)}$${plain(tag)}`;
      }),

    /** @param encoded undefined: nobody's; it takes as long, and is wrong */
    verify: (password: string, encoded: string | undefined): Promise<boolean> =>
      inTurn(async () => {
        const [, memory, passes, parallelism, nonce, tag] = FORM.exec(encoded ?? NOBODYS) ?? [];
        if (tag === undefined || nonce === undefined) throw new Error("a password hash of another form");
        const expected = Buffer.from(tag, "base64");
        const given = await derive("argon2id", {
          message: normal(password),
          nonce: Buffer.from(nonce, "base64"),
          memory: Number(memory),
          passes: Number(passes),
          parallelism: Number(parallelism),
          tagLength: expected.length,
        });
        return timingSafeEqual(given, expected) && encoded !== undefined;
      }),
  };
}

/** The same letters in whatever way a keyboard composes them (NIST SP 800-63B, 3.1.1.2). */
const normal = (password: string) => Buffer.from(password.normalize("NFKC"));
const plain = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
const NOBODYS = `$argon2id$v=19$m=${PARAMETERS.memory},t=${PARAMETERS.passes},p=${PARAMETERS.parallelism}$${plain(Buffer.alloc(16))}$${plain(Buffer.alloc(32))}`;

export type PasswordHash = ReturnType<typeof createPasswordHash>;
