import type { Timers } from "@openward/runtime";
import type { Outcome, Uplink } from "../forward/uplink.ts";

interface Line {
  readonly device: string;
  readonly id: string;
  readonly body: readonly { readonly codec: string; readonly at: number; readonly hex: string }[];
}

/** What the server holds of one message. */
export interface Stored {
  readonly id: string;
  /** When it was committed first. */
  readonly at: number;
}

/** The server as a gateway sees it: takes a while, commits, and may not get to say so. Knows a message by its id. */
export class ModelServer implements Uplink {
  /** By the bytes of the message's first value, which the test makes different for each. */
  readonly stored = new Map<string, Stored>();
  /** Messages that came under two ids: the server cannot know that they are one. */
  readonly doubled = new Set<string>();
  /** Messages that came again. */
  again = 0;
  requests = 0;
  /** A bad line, as the edge has it. */
  isReachable = true;
  /** Of requests that are answered: how many answers are lost on the way back, of how many requests that come. */
  lostAnswers = 0;
  /** Lines of a device that are refused, and all that come with them. */
  refuses: ((device: string) => string | undefined) | undefined;
  latencyMs = 40;
  /** Per line, on top. */
  lineMs = 0.2;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #float: () => number;

  constructor({ timers, now, float }: { timers: Timers; now: () => number; float: () => number }) {
    this.#timers = timers;
    this.#now = now;
    this.#float = float;
  }

  async send(lines: Buffer): Promise<Outcome> {
    if (!this.isReachable) {
      await this.#wait(3_000);
      return { kind: "trouble", reason: "ETIMEDOUT" };
    }
    this.requests++;
    const parsed = lines
      .toString()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    await this.#wait(this.latencyMs + parsed.length * this.lineMs);
    for (const { device } of parsed) {
      const code = this.refuses?.(device);
      if (code) return { kind: "refused", code, reason: device };
    }
    for (const { id, body } of parsed) {
      const key = body[0]?.hex ?? "";
      const before = this.stored.get(key);
      if (before && before.id !== id) this.doubled.add(key);
      if (before) this.again++;
      else this.stored.set(key, { id, at: this.#now() });
    }
    if (this.#float() < this.lostAnswers || !this.isReachable) return { kind: "trouble", reason: "ECONNRESET" };
    return { kind: "taken", quarantined: 0 };
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#timers.after(ms, resolve));
  }
}
