import { checkDurable } from "./checks/durable.ts";
import { checkEverything } from "./checks/everything.ts";
import { checkDays, checkTables } from "./checks/tables.ts";
import { FAIR, FaultyDatabase } from "./database/faults.ts";
import { modelDatabase } from "./database/model.ts";
import type { Store, Stored } from "./database/store.ts";
import { Devices } from "./devices.ts";
import { ModelDisk } from "./disk.ts";
import { Keys } from "./keys.ts";
import { type Message, messageOf } from "./messages.ts";
import { Oracle } from "./oracle.ts";
import type { Plan, Step } from "./plan.ts";
import { Process } from "./process.ts";
import { ask, askForOwn } from "./questions.ts";
import { type Plant, type Server, startServer } from "./server.ts";
import { DEVICES, Ward } from "./ward.ts";
import { Witness } from "./witness.ts";
import { InvariantBroken, World } from "./world.ts";

const MINUTE_MS = 60_000;

export interface Outcome {
  readonly broken: InvariantBroken | undefined;
  readonly trace: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly messages: number;
  readonly virtualMs: number;
}

export interface HistoryOptions {
  readonly isTraced?: boolean;
  readonly plant?: Plant | undefined;
  /** A database of the caller's; otherwise a model. */
  readonly store?: (world: World) => Promise<Store>;
}

/** Lets the plan happen, from the first start to the last check. The same plan gives the same history. */
export async function runHistory(plan: Plan, options: HistoryOptions = {}): Promise<Outcome> {
  const world = new World(plan.seed, options.isTraced ?? false);
  const store = await (options.store?.(world) ?? modelDatabase());
  const history = new History(world, plan, store, options.plant);
  let broken: InvariantBroken | undefined;
  try {
    await history.run();
  } catch (error) {
    if (!(error instanceof InvariantBroken)) throw error;
    broken = error;
  } finally {
    history.end();
    await store.close();
  }
  const { trace, counts } = world;
  return { broken, trace, counts, messages: history.oracle.messages.length, virtualMs: world.now - world.start };
}

class History {
  readonly oracle = new Oracle();
  readonly #world: World;
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #plant: Plant | undefined;
  readonly #ward: Ward;
  readonly #disk: ModelDisk;
  readonly #keys: Keys;
  readonly #database: FaultyDatabase;
  readonly #devices: Devices;
  readonly #waveformEnds = new Array<number>(DEVICES).fill(0);
  readonly #witness: Witness;
  #clockOffsetMs = 0;
  #process: Process;
  #server: Server | undefined;

  constructor(world: World, plan: Plan, store: Store, plant: Plant | undefined) {
    this.#world = world;
    this.#plan = plan;
    this.#store = store;
    this.#plant = plant;
    this.#ward = new Ward(world);
    this.#disk = new ModelDisk(world);
    this.#keys = new Keys(world);
    this.#database = new FaultyDatabase(world, store);
    this.#witness = new Witness(world, this.#ward, store, this.#disk);
    this.#process = new Process(world, 0, () => 0);
    const door = () => ({ server: this.#server, process: this.#process });
    this.#devices = new Devices(world, door, (message, receipt) => this.#acknowledged(message, receipt));
  }

  async run(): Promise<void> {
    this.#boot();
    for (const step of this.#plan.steps) {
      this.#world.note(() => `step: ${JSON.stringify(step).slice(0, 200)}`);
      await this.#perform(step);
      await this.#world.settle();
    }
    await this.#becomeQuiet();
    await this.#check("merged");
    await this.#finish("sealing", this.#running().telemetry.seal({ everything: true }));
    await this.#check("merged");
    if (this.#world.chance.is(0.7)) await this.#putDaysTogether();
    this.#crash(this.#world.chance.is(0.5), 1_000);
    await this.#becomeQuiet();
    await this.#check("stored");
    const tables = await this.#tables();
    await this.#keys.reading((keys) => checkTables(this.#world, this.oracle, tables, keys));
    await this.#world.pass(0);
  }

  async #putDaysTogether(): Promise<void> {
    // What was sealed while a clock ran ahead counts as sealed now.
    await this.#world.pass(MINUTE_MS);
    await this.#finish("putting days together", this.#running().telemetry.compact({ everything: true }));
    const tables = await this.#tables();
    this.#world.note(() => `hours ${tables.hours.length}, days ${tables.days}`);
    checkDays(this.#world, tables);
    await this.#check("merged");
  }

  async #tables(): Promise<Stored> {
    const stored = this.#store.stored();
    await this.#finish("reading the tables", stored);
    return stored;
  }

  end(): void {
    this.#process.die(true);
    this.#keys.end();
  }

  #running(): Server {
    if (!this.#server) throw new InvariantBroken("recovers", "no server runs");
    return this.#server;
  }

  /** A start of the server, and another one when it fails, as a service manager does it. */
  #boot(hasFailed = false): void {
    const world = this.#world;
    const process = new Process(world, this.#process.number + 1, () => this.#clockOffsetMs);
    this.#process = process;
    const { oracle } = this;
    const start = async () => {
      // Between starts that fail nothing is accepted.
      if (!hasFailed)
        await this.#keys.reading((keys) => checkDurable(world, oracle, { store: this.#store, disk: this.#disk, keys }));
      world.note(() => `process ${process.number} starts`);
      const machine = {
        ward: this.#ward,
        database: this.#database,
        disk: this.#disk,
        keys: this.#keys,
        plant: this.#plant,
      };
      try {
        const server = await startServer(world, process, this.#plan, machine, this.#witness);
        world.note(() => `process ${process.number} is ready`);
        this.#server = server;
      } catch (error) {
        if (error instanceof InvariantBroken) throw error;
        world.count("starts failed");
        world.note(() => `process ${process.number} does not start: ${(error as Error).message}`);
        process.die(false);
        world.later(2_000, () => this.#boot(true));
      }
    };
    world.watch(start());
  }

  #crash(withPower: boolean, downMs: number): void {
    const process = this.#process;
    if (!process.isAlive) return;
    this.#world.count(withPower ? "power lost" : "processes killed");
    this.#world.note(() => `process ${process.number} ${withPower ? "loses power" : "is killed"}`);
    this.#server = undefined;
    process.die(withPower);
    if (withPower) {
      this.#disk.losePower();
      this.#database.losePower();
    }
    this.#world.later(downMs, () => this.#boot());
  }

  #acknowledged(message: Message, receipt: { accepted: number; quarantined: readonly unknown[] }): void {
    const isQuarantined = receipt.quarantined.length > 0;
    if (message.isQuarantined !== undefined && message.isQuarantined !== isQuarantined)
      this.#world.break("quarantine", `the receipt of message ${message.id} says ${isQuarantined}`);
    message.isAcknowledged = true;
    if (this.#server) askForOwn(this.#world, this.oracle, this.#server, message);
  }

  async #perform(step: Step): Promise<void> {
    const world = this.#world;
    switch (step.do) {
      case "send": {
        const sender = { ward: this.#ward, now: world.now, waveformEnd: this.#waveformEnds[step.device] ?? 0 };
        const id = this.oracle.messages.length;
        const message = messageOf(id, step.device, step.content, step.hasKey, sender);
        this.#waveformEnds[step.device] = sender.waveformEnd;
        if (!message) return;
        this.oracle.add(message);
        this.#devices.send(message);
        return;
      }
      case "wait":
        return world.pass(step.ms);
      case "offline":
        return this.#devices.goOffline(step.device, step.forMs);
      case "move":
        // A millisecond apart from everything else: who wears the device at the very instant is nobody's to say.
        await world.pass(1);
        this.#ward.move(step.device, step.patient);
        return world.pass(1);
      case "crash": {
        const process = this.#process;
        const crash = () => process === this.#process && this.#crash(step.power, step.downMs);
        process.dieAfter(step.afterOperations, crash);
        world.later(60_000, () => void crash());
        return;
      }
      case "restart":
        return this.#restart();
      case "database":
        this.#database.setWeather(step.weather);
        return world.later(step.forMs, () => {
          if (this.#database.weather === step.weather) this.#database.setWeather(FAIR);
        });
      case "disk":
        this.#disk.failFlushes = step.failFlushes;
        this.#disk.isFull = step.isFull;
        this.#disk.slowMs = step.slowMs;
        return world.later(step.forMs, () => this.#disk.mend());
      case "network":
        this.#devices.network = step;
        return world.later(step.forMs, () => {
          if (this.#devices.network === step) this.#devices.network = { loss: 0, double: 0 };
        });
      case "clock":
        this.#clockOffsetMs = step.byMs;
        return;
      case "seal":
        this.#server?.telemetry.seal({ everything: step.everything }).then(
          ({ blocks }) => blocks > 0 && world.count("seal runs"),
          () => world.count("seal runs failed"),
        );
        return;
      case "compact":
        this.#server?.telemetry.compact({ everything: step.everything }).then(
          (days) => {
            if (days > 0) world.count("days put together");
            world.note(() => `${days} days were put together`);
          },
          () => world.count("days not put together"),
        );
        return;
      case "query":
        if (this.#server) ask(world, this.oracle, this.#server, step.what, step.draw);
        return;
    }
  }

  /** An orderly stop, and a start. */
  #restart(): void {
    const server = this.#server;
    const process = this.#process;
    if (!server) return;
    this.#world.count("orderly restarts");
    this.#server = undefined;
    const stop = async () => {
      await server.stop();
      if (!process.isAlive) return;
      process.die(false);
      this.#boot();
    };
    this.#world.watch(stop());
  }

  /** The faults are over: everything must be taken in now, without anybody's help. */
  async #becomeQuiet(): Promise<void> {
    this.#database.setWeather(FAIR);
    this.#disk.mend();
    this.#devices.network = { loss: 0, double: 0 };
    this.#devices.allOnline();
    const isQuiet = () => this.#devices.waiting.size === 0 && this.#server?.journal.state === "ok";
    // A crash that is still to come is the last.
    await this.#world.pass(MINUTE_MS);
    if (!(await this.#world.until(isQuiet, 30 * MINUTE_MS)))
      this.#world.break("recovers", `${this.#devices.waiting.size} messages wait, ${this.#server?.journal.state}`);
    await this.#finish("the newest readings", this.#running().telemetry.settled);
  }

  async #check(missing: "merged" | "stored"): Promise<void> {
    await this.#finish("the questions", checkEverything(this.#world, this.oracle, this.#running(), missing));
  }

  async #finish(what: string, work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = work.then(() => {
      isDone = true;
    });
    this.#world.watch(done);
    if (!(await this.#world.until(() => isDone, 30 * MINUTE_MS)))
      throw new InvariantBroken("recovers", `${what} did not end`);
  }
}
