import { OutsideTrouble } from "@openward/errors";
import type { Receipt } from "../../server/ingest/index.ts";
import type { Message } from "./messages.ts";
import type { Process } from "./process.ts";
import type { Server } from "./server.ts";
import { DEVICES } from "./ward.ts";
import type { World } from "./world.ts";

/** Where messages go: nowhere while no server runs. */
export interface Door {
  readonly server: Server | undefined;
  readonly process: Process;
}

export interface Weather {
  readonly loss: number;
  /** How often a message comes twice. */
  readonly double: number;
}

/** Devices and the network: everything that is not acknowledged is sent again, in whatever order. */
export class Devices {
  network: Weather = { loss: 0, double: 0 };
  readonly #world: World;
  readonly #door: () => Door;
  readonly #onAcknowledged: (message: Message, receipt: Receipt) => void;
  readonly #offlineUntil = new Array<number>(DEVICES).fill(0);
  /** Not acknowledged, as far as the device knows. */
  readonly waiting = new Set<Message>();

  constructor(world: World, door: () => Door, onAcknowledged: (message: Message, receipt: Receipt) => void) {
    this.#world = world;
    this.#door = door;
    this.#onAcknowledged = onAcknowledged;
  }

  send(message: Message): void {
    this.waiting.add(message);
    this.#try(message, 1_000);
  }

  goOffline(device: number, forMs: number): void {
    this.#offlineUntil[device] = this.#world.now + forMs;
  }

  allOnline(): void {
    this.#offlineUntil.fill(0);
  }

  #try(message: Message, retryMs: number): void {
    if (!this.waiting.has(message)) return;
    const { chance, now } = this.#world;
    if (now < (this.#offlineUntil[message.device] ?? 0)) {
      const offlineMs = (this.#offlineUntil[message.device] ?? 0) - now;
      this.#world.later(Math.min(offlineMs, 30_000) + chance.int(500), () => this.#try(message, 1_000));
      return;
    }
    this.#transmit(message);
    if (chance.is(this.network.double)) this.#transmit(message);
    this.#world.later(retryMs + chance.int(retryMs), () => this.#try(message, Math.min(retryMs * 2, 60_000)));
  }

  #transmit(message: Message): void {
    const { chance } = this.#world;
    if (chance.is(this.network.loss)) {
      this.#world.count("messages lost on the way");
      return;
    }
    this.#world.later(chance.is(0.1) ? chance.int(3_000) : chance.int(30), () => this.#arrive(message));
  }

  #arrive(message: Message): void {
    const { server, process } = this.#door();
    if (!server || !process.isAlive) return;
    const { deviceId, organisationId, kind, body, key: deliveryKey } = message;
    const receivedAt = process.runtime.clock.now();
    message.deliveries.push(receivedAt);
    if (message.deliveries.length > 1) this.#world.count("messages delivered again");
    this.#world.note(() => `message ${message.id} comes to process ${process.number}`);
    const answer = server.accept({
      deviceId,
      organisationId,
      kind,
      format: "json",
      body,
      receivedAt,
      deliveryKey,
      isRedelivery: message.deliveries.length > 1,
    });
    this.#world.watch(
      answer.then(
        (receipt) => {
          if (process.isAlive) this.#acknowledge(message, receipt);
        },
        (error: unknown) => {
          if (!(error instanceof OutsideTrouble)) throw error;
          this.#world.count("messages refused");
        },
      ),
    );
  }

  #acknowledge(message: Message, receipt: Receipt): void {
    const { chance } = this.#world;
    this.#world.note(() => `message ${message.id} is acknowledged`);
    this.#onAcknowledged(message, receipt);
    if (chance.is(this.network.loss)) {
      this.#world.count("acknowledgements lost on the way");
      return;
    }
    this.#world.later(chance.int(30), () => this.waiting.delete(message));
  }
}
