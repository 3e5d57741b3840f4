import { type Runtime, type Timer, uuidV7 } from "@openward/runtime";
import type { World } from "./world.ts";

/** How an operation on disk or database comes to pass. */
export interface Operation<T> {
  readonly name: string;
  /** Until it happens, and until the answer is there. */
  readonly delayMs: number;
  readonly answerMs: number;
  /** What happens, at one instant. */
  readonly run: () => T | Promise<T>;
  /** Once it is on its way it may still happen when the process has died. */
  readonly mayOutlive: boolean;
}

/**
 * A process that can die between any two of its awaits: it dies when it asks for an operation, which happens or not, or
 * at a time. Nothing that it waits for ever comes after that.
 */
export class Process {
  readonly world: World;
  readonly number: number;
  readonly runtime: Runtime;
  readonly #timers = new Set<Timer>();
  readonly #onDeath: (() => void)[] = [];
  #isAlive = true;
  #hasLostPower = false;
  #crash: { operations: number; run: () => void } | undefined;

  constructor(world: World, number: number, clockOffset: () => number) {
    this.world = world;
    this.number = number;
    const { clock, timers, random } = world.runtime;
    const now = () => clock.now() + clockOffset();
    const add = (begin: (run: () => void) => Timer, isOnce: boolean, run: () => void): Timer => {
      if (!this.#isAlive) return { cancel() {} };
      const timer = begin(() => {
        if (isOnce) this.#timers.delete(timer);
        run();
      });
      this.#timers.add(timer);
      return {
        cancel: () => {
          this.#timers.delete(timer);
          timer.cancel();
        },
      };
    };
    this.runtime = {
      clock: { now, monotonic: clock.monotonic },
      timers: {
        after: (ms, run) => add((fire) => timers.after(ms, fire), true, run),
        every: (ms, run) => add((fire) => timers.every(ms, fire), false, run),
      },
      random,
      ids: { uuid: () => uuidV7(now(), random.bytes(10)) },
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Die when so many more operations have been asked for. */
  dieAfter(operations: number, run: () => void): void {
    this.#crash = { operations, run };
  }

  get hasLostPower(): boolean {
    return this.#hasLostPower;
  }

  onDeath(run: () => void): void {
    this.#onDeath.push(run);
  }

  /** @param withPower the machine, its database too, goes down with it */
  die(withPower: boolean): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#hasLostPower = withPower;
    this.#crash = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const run of this.#onDeath) run();
  }

  /** The answer to an operation; none ever when the process dies before it is there. */
  operation<T>({ name, delayMs, answerMs, run, mayOutlive }: Operation<T>): Promise<T> {
    const { world } = this;
    return new Promise<T>((resolve, reject) => {
      if (!this.#isAlive) return;
      const happen = () => {
        if (!this.#isAlive && (this.#hasLostPower || !mayOutlive || world.chance.is(0.5))) return;
        const answer = (settle: () => void) => world.later(answerMs, () => this.#isAlive && settle());
        Promise.resolve()
          .then(run)
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
      };
      world.later(delayMs, happen);
      if (this.#crash && this.#crash.operations-- <= 0) {
        world.note(() => `process ${this.number} dies at ${name}`);
        this.#crash.run();
      }
    });
  }
}
