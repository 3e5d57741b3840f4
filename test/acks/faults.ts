import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import type { Connect, Disk } from "../../server/store/journal/index.ts";

const failed = () => Object.assign(new Error("Connection terminated unexpectedly"), { code: "08006" });

/** Commits that are late, fail, or are done and not answered; flushes that are late or fail. Decided by a seed. */
export class Faults {
  readonly #random: ReturnType<typeof seededRandom>;
  readonly counts = { late: 0, failed: 0, answersLost: 0, outages: 0, flushesLate: 0, flushesFailed: 0 };
  #outageUntil = 0;
  isOver = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  connect(real: Connect): Connect {
    return async () => {
      if (this.#isDown()) throw failed();
      const connection = await real();
      return {
        ...connection,
        query: async (statement) => {
          await this.#delay("late", 30);
          if (this.#isDown() || this.#is("failed", 0.08)) throw failed();
          const answer = await connection.query(statement);
          await this.#delay("late", 30);
          if (this.#is("answersLost", 0.08)) throw failed();
          return answer;
        },
      };
    };
  }

  disk(real: Disk): Disk {
    return {
      ...real,
      create: async (name) => {
        const file = await real.create(name);
        return {
          ...file,
          flush: async () => {
            await this.#delay("flushesLate", 20);
            if (this.#is("flushesFailed", 0.02)) throw Object.assign(new Error("i/o error"), { code: "EIO" });
            await file.flush();
          },
        };
      },
    };
  }

  #isDown(): boolean {
    const now = performance.now();
    if (!this.isOver && now >= this.#outageUntil && this.#is("outages", 0.004))
      this.#outageUntil = now + 50 + this.#random.float() * 400;
    return !this.isOver && now < this.#outageUntil;
  }

  #is(what: keyof Faults["counts"], probability: number): boolean {
    if (this.isOver || this.#random.float() >= probability) return false;
    this.counts[what]++;
    return true;
  }

  async #delay(what: keyof Faults["counts"], msMax: number): Promise<void> {
    if (this.#is(what, 0.3)) await wait(this.#random.float() * msMax);
  }
}
