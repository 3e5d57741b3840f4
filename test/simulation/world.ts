import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { type Chance, chanceOf } from "./chance.ts";

/** What must hold in every history; each is shown to fail by a fault of plants.ts. */
export const INVARIANTS = {
  stored: "what was acknowledged is stored",
  durable: "nothing is acknowledged before it is durable",
  once: "nothing is stored twice",
  sent: "nothing is stored that was not sent",
  order: "a stream is read in its order, ordinals without a gap",
  ownWrites: "who was acknowledged reads what was written",
  exact: "values, units, times, quality and offset come back as they went in",
  patient: "a reading lies with the patient who wore the device when it measured",
  quarantine: "what could not be placed is in quarantine, whole",
  raw: "what was sent is kept as it was sent, beside what came of it",
  ascending: "memory is given the journal in the order of its positions, over restarts too",
  merged: "memory and blocks together answer as the plain model does, also while sealing",
  joined: "when days are put together, one that is over has a row for each stream and wearer, and no hour beside it",
  watermark: "everything before the watermark is in blocks",
  recovers: "when the faults are over, everything is accepted without help",
} as const;
export type Invariant = keyof typeof INVARIANTS;

export class InvariantBroken extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${INVARIANTS[invariant]}: ${detail}`);
    this.invariant = invariant;
  }
}

/** 2026-11-22 05:00 UTC. */
const START = Date.UTC(2026, 10, 22, 5);

/** One history's time, its chances and what happened in it. Nothing in it runs but by `until`. */
export class World {
  readonly runtime: ManualRuntime;
  readonly chance: Chance;
  readonly start = START;
  readonly counts: Record<string, number> = {};
  readonly #lines: string[] | undefined;
  #broken: InvariantBroken | undefined;
  #outside = 0;
  #whenBack: () => void = () => {};

  constructor(seed: number, isTraced: boolean) {
    this.runtime = manualRuntime(START, seed);
    this.chance = chanceOf(seed ^ 0x5eed);
    this.#lines = isTraced ? [] : undefined;
  }

  get now(): number {
    return this.runtime.clock.now();
  }

  later(delayMs: number, run: () => void): void {
    this.runtime.timers.after(delayMs, run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.later(delayMs, resolve));
  }

  /** Work on a real database: time stands still until it is done. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside++;
    try {
      return await work;
    } finally {
      this.#outside--;
      this.#whenBack();
    }
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  note(text: () => string): void {
    this.#lines?.push(`${((this.now - START) / 1000).toFixed(3).padStart(12)} s  ${text()}`);
  }

  get trace(): readonly string[] {
    return this.#lines ?? [];
  }

  break(invariant: Invariant, detail: string): void {
    this.#broken ??= new InvariantBroken(invariant, detail);
  }

  /** A promise of the world's own; its failure is the history's. */
  watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#broken ??= error instanceof InvariantBroken ? error : failureOf(error);
    });
  }

  /** Everything that waits for no time and no database has run when this comes back. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#outside > 0) {
      await new Promise<void>((resolve) => {
        this.#whenBack = resolve;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#broken) throw this.#broken;
  }

  /** Let time go on. @returns false when it is not so within that time */
  async until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    let isOver = false;
    const timer = this.runtime.timers.after(withinMs, () => {
      isOver = true;
    });
    for (;;) {
      await this.settle();
      if (isOver) return isSo();
      if (isSo()) {
        timer.cancel();
        return true;
      }
      this.runtime.step();
    }
  }

  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }
}

function failureOf(error: unknown): InvariantBroken {
  return new InvariantBroken("recovers", `a failure that nobody expected: ${(error as Error).stack ?? String(error)}`);
}
