import type { Connect, JournalRows, SqlStatement } from "../../../server/store/journal/index.ts";
import type { DueDays } from "../../../server/store/telemetry/block-store.ts";
import type { BlockStore, SealRows } from "../../../server/store/telemetry/index.ts";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import { connectionLost, type Store } from "./store.ts";

/** How the database is; probabilities are per question. */
export interface DatabaseWeather {
  /** up; refusing: every connection ends at once; hung: nothing is answered, and what was asked is done when it goes on. */
  readonly state: "up" | "refusing" | "hung";
  /** Refused, nothing done. */
  readonly aborts: number;
  /** Done, but the connection is lost before the answer. */
  readonly lostAnswers: number;
  /** The connection is lost, and it is done later all the same. */
  readonly lateCommits: number;
  readonly slow: number;
}

export const FAIR: DatabaseWeather = { state: "up", aborts: 0, lostAnswers: 0, lateCommits: 0, slow: 0 };

type Fate = "done" | "aborted" | "answer lost" | "late";

const aborted = () => Object.assign(new Error("could not serialize access"), { code: "40001" });

/** The network and the faults between processes and their database. */
export class FaultyDatabase {
  weather: DatabaseWeather = FAIR;
  readonly #world: World;
  readonly #store: Store;
  /** Counts the starts: what was under way before the last is gone. */
  #uptime = 0;
  /** Statements of processes before this one are not done any more. */
  #firstWriter = 0;
  /** Resolved when a database that hung goes on. */
  #waiting: (() => void)[] = [];
  /** Transactions whose commit is on its way though their client has given up: they hold their rows. */
  readonly #late = new Set<() => Promise<void>>();
  /** Transactions that have written and are not over: they hold their rows. */
  readonly #writing = new Set<Promise<unknown>>();

  constructor(world: World, store: Store) {
    this.#world = world;
    this.#store = store;
  }

  setWeather(weather: DatabaseWeather): void {
    this.weather = weather;
    if (weather.state === "hung") return;
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** Transactions under way are gone; what was committed stays. */
  losePower(): void {
    this.#uptime++;
    this.#waiting = [];
    for (const finish of [...this.#late]) void finish();
  }

  /** As server/foundation.ts does at a start: what an earlier process left under way for the journal is ended. */
  async endEarlierWriters(process: Process): Promise<void> {
    await this.#ask(process, "end earlier writers", async () => {
      this.#firstWriter = process.number;
    });
  }

  connect(process: Process): Connect {
    return async () => {
      await this.#ask(process, "connect", async () => {});
      let isLost = false;
      const giveUp = new Set<(error: unknown) => void>();
      return {
        query: (statement) => {
          // Its bytes are the caller's to use again when the answer is there, and this may be done after that.
          const own = copyOf(statement);
          const run = async () => {
            if (process.number < this.#firstWriter) throw connectionLost();
            return this.#store.run(own);
          };
          const answer = this.#ask(process, "statement", run).then(
            (rows) => ({ rows }),
            (error: unknown) => {
              if (isConnectionLost(error)) isLost = true;
              throw error;
            },
          );
          return new Promise((resolve, reject) => {
            giveUp.add(reject);
            answer.then(resolve, reject).finally(() => giveUp.delete(reject));
          });
        },
        destroy() {
          isLost = true;
          for (const reject of giveUp) reject(connectionLost());
        },
        async close() {
          isLost = true;
        },
        isLost: () => isLost,
      };
    };
  }

  rows(process: Process): JournalRows {
    const { rows } = this.#store;
    return {
      nextRange: () => this.#ask(process, "next range", () => rows.nextRange()),
      watermark: () => this.#ask(process, "watermark", () => rows.watermark()),
      page: (after, rowsMax) => this.#ask(process, "page", () => rows.page(after, rowsMax)),
      prepareDays: (first, count) => this.#ask(process, "prepare days", () => rows.prepareDays(first, count)),
      dropBefore: (day) => this.#ask(process, "drop days", () => rows.dropBefore(day)),
      dropRawBefore: (day) => this.#ask(process, "drop raw days", () => rows.dropRawBefore(day)),
    };
  }

  blocks(process: Process): BlockStore {
    const { blocks } = this.#store;
    const ask = <A extends unknown[], T>(name: string, run: (...args: A) => Promise<T>) => {
      return (...args: A) => this.#ask(process, name, () => run(...args));
    };
    return {
      blocksBetween: ask("blocks", blocks.blocksBetween),
      blocksOf: ask("blocks", blocks.blocksOf),
      blocksNext: ask("blocks", blocks.blocksNext),
      overviewsBetween: ask("overviews", blocks.overviewsBetween),
      rollupsBetween: ask("rollups", blocks.rollupsBetween),
      newestBlocks: ask("newest", blocks.newestBlocks),
      streams: ask("streams", blocks.streams),
      runningStreams: ask("streams", blocks.runningStreams),
      sealedThrough: ask("sealed", blocks.sealedThrough),
      saveWatermark: ask("save watermark", blocks.saveWatermark),
      joinDays: (due) => this.#ask(process, "join days", () => this.#joinDays(process, due)),
      transaction: (work) => this.#transaction(process, work),
    };
  }

  /** Some of its transactions, where its process has died meanwhile or the connection is lost between two of them. */
  async #joinDays(process: Process, due: DueDays): Promise<number> {
    const { chance } = this.#world;
    const uptime = this.#uptime;
    for (const finish of [...this.#late]) await finish();
    while (this.#writing.size > 0) await Promise.all(this.#writing);
    if (uptime !== this.#uptime) throw connectionLost();
    const isCutShort = !process.isAlive || chance.is(this.weather.aborts + this.weather.lostAnswers);
    if (!isCutShort) return this.#store.joinDays(due, Number.POSITIVE_INFINITY);
    this.#world.count("days joined in part");
    return this.#store.joinDays(due, chance.int(4));
  }

  async #transaction(process: Process, work: (rows: SealRows) => Promise<void>): Promise<void> {
    await this.#ask(process, "begin", async () => {});
    const uptime = this.#uptime;
    const death = new Promise<void>((resolve) => process.onDeath(resolve));
    const died = death.then((): never => {
      throw connectionLost();
    });
    died.catch(() => {});
    // Its commit is on its way: whether it gets there, nobody will tell.
    const diedCommitting = death.then(
      (): Fate => (!process.hasLostPower && this.#world.chance.is(0.5) ? "done" : "aborted"),
    );
    const late = Promise.withResolvers<void>();
    const client = Promise.withResolvers<void>();
    client.promise.catch(() => {});
    let fate = "aborted" as Fate;
    const held = heldBy(this.#writing);
    const done = this.#store.blocks.transaction(async (rows) => {
      await Promise.race([work(this.#rowsWithin(process, rows, held)), died]);
      fate = await Promise.race([this.#commit(process), diedCommitting]);
      if (fate === "late") {
        const finish = () => {
          late.resolve();
          return done.catch(() => {});
        };
        this.#late.add(finish);
        this.#world.later(this.#world.chance.int(20_000), () => void finish());
        client.reject(connectionLost());
        await late.promise;
        this.#late.delete(finish);
      }
      if (fate === "aborted" || uptime !== this.#uptime) throw aborted();
    });
    done.then(held.release, held.release);
    await Promise.race([done, client.promise]);
    if (fate === "answer lost") throw connectionLost();
    await process.operation({ name: "database committed", delayMs: 0, answerMs: 1, run: () => {}, mayOutlive: false });
  }

  #commit(process: Process): Promise<Fate> {
    return this.#ask(process, "commit", async () => {}, true);
  }

  #rowsWithin(process: Process, rows: SealRows, held: HeldRows): SealRows {
    const read = <A extends unknown[], T>(run: (...args: A) => Promise<T>) => {
      return (...args: A) => this.#ask(process, "read in transaction", () => run(...args));
    };
    // A row that an older transaction has written stays locked until that one has ended.
    const write = <A extends unknown[]>(run: (...args: A) => Promise<void>) => {
      return (...args: A) =>
        this.#ask(process, "write in transaction", async () => {
          for (const finish of [...this.#late]) await finish();
          // Its process has died, and the transaction with it.
          if (held.isOver) throw connectionLost();
          held.take();
          await run(...args);
        });
    };
    return {
      blocksOf: read(rows.blocksOf),
      blocksOfDay: read(rows.blocksOfDay),
      rollupsOf: read(rows.rollupsOf),
      setAside: write(rows.setAside),
      saveBlocks: write(rows.saveBlocks),
      saveRollups: write(rows.saveRollups),
    };
  }

  #ask<T>(process: Process, name: string, run: () => Promise<T>): Promise<T>;
  #ask(process: Process, name: string, run: () => Promise<void>, tellFate: true): Promise<Fate>;
  #ask(process: Process, name: string, run: () => Promise<unknown>, tellFate = false): Promise<unknown> {
    const { chance } = this.#world;
    const delayMs = chance.is(this.weather.slow) ? chance.between(500, 6_000) : chance.int(4);
    return process.operation({
      name: `database ${name}`,
      delayMs,
      answerMs: chance.int(3),
      run: () => this.#happen(process, name, run, tellFate),
      mayOutlive: true,
    });
  }

  async #happen(process: Process, name: string, run: () => Promise<unknown>, tellFate: boolean): Promise<unknown> {
    const { chance } = this.#world;
    const { weather } = this;
    if (weather.state === "refusing") throw connectionLost();
    if (weather.state === "hung") {
      this.#world.count("questions to a hung database");
      await new Promise<void>((goOn) => this.#waiting.push(goOn));
      return this.#happen(process, name, run, tellFate);
    }
    const draw = chance.float();
    const { aborts, lostAnswers, lateCommits } = weather;
    let fate: Fate = "done";
    if (draw < aborts) fate = "aborted";
    else if (draw < aborts + lostAnswers) fate = "answer lost";
    else if (draw < aborts + lostAnswers + lateCommits) fate = "late";
    if (fate !== "done") {
      this.#world.count(`database: ${fate}`);
      this.#world.note(() => `database: ${name} of process ${process.number}: ${fate}`);
    }
    if (tellFate) return fate;
    if (fate === "aborted") throw aborted();
    if (fate === "late") {
      const uptime = this.#uptime;
      this.#world.later(chance.int(20_000), () => {
        if (uptime === this.#uptime) run().catch(() => {});
      });
      throw connectionLost();
    }
    const answer = await run();
    if (fate === "answer lost") throw connectionLost();
    return answer;
  }
}

interface HeldRows {
  readonly isOver: boolean;
  take(): void;
  readonly release: () => void;
}

/** The rows that a transaction has written, until it is over. */
function heldBy(writing: Set<Promise<unknown>>): HeldRows {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  return {
    get isOver() {
      return isOver;
    },
    take: () => void writing.add(promise),
    release() {
      isOver = true;
      writing.delete(promise);
      resolve();
    },
  };
}

function isConnectionLost(error: unknown): boolean {
  return (error as { code?: string }).code === "08006";
}

function copyOf({ values, ...statement }: SqlStatement): SqlStatement {
  return {
    ...statement,
    values: (values ?? []).map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
  };
}
