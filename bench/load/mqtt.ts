import { setTimeout as wait } from "node:timers/promises";
import { createPublisher, type Publisher } from "./publisher.ts";

export interface MqttLoadResult {
  readonly messagesPerSecond: number;
  /** Publish to ack, ms, of every message after the warm-up. */
  readonly latencies: readonly number[];
  readonly acknowledged: number;
}

/**
 * Connections that each keep a window of QoS 1 messages in flight for a while.
 *
 * @param payload the n-th body of a connection
 */
export async function mqttLoad(options: {
  port: number;
  credentials: readonly { deviceId: string; token: string }[];
  connections: number;
  window: number;
  seconds: number;
  warmUpSeconds: number;
  /** Messages a second over all connections; left out: as many as the windows allow. */
  rate?: number;
  payload: (connection: number, sequence: number) => Buffer;
}): Promise<MqttLoadResult> {
  const latencies: number[] = [];
  let acknowledged = 0;
  let isMeasuring = false;
  let isSending = true;
  const sequences = new Array<number>(options.connections).fill(0);
  const publishers: Publisher<number>[] = [];
  const dirty = new Set<number>();
  let isFlushPlanned = false;

  const next = (connection: number) => {
    const sequence = (sequences[connection] ?? 0) + 1;
    sequences[connection] = sequence;
    return options.payload(connection, sequence);
  };
  const refill = (connection: number) => {
    const publisher = publishers[connection];
    if (!publisher || !isSending) return;
    while (publisher.free() > 0) publisher.publish(next(connection), performance.now());
    publisher.flush();
  };
  const plan = (connection: number) => {
    dirty.add(connection);
    if (isFlushPlanned) return;
    isFlushPlanned = true;
    setImmediate(() => {
      isFlushPlanned = false;
      const now = [...dirty];
      dirty.clear();
      for (const each of now) refill(each);
    });
  };

  await new Promise<void>((resolve, reject) => {
    let connected = 0;
    for (let connection = 0; connection < options.connections; connection++) {
      const credential = options.credentials[connection % options.credentials.length];
      if (!credential) throw new Error("no credentials");
      publishers[connection] = createPublisher<number>({
        port: options.port,
        ...credential,
        topic: `devices/${credential.deviceId}/readings`,
        window: options.window,
        onConnected: () => {
          if (++connected === options.connections) resolve();
        },
        onAck: (sentAt) => {
          if (isMeasuring) {
            acknowledged++;
            latencies.push(performance.now() - sentAt);
          }
          if (options.rate === undefined) plan(connection);
        },
        onClosed: (error) => {
          if (isSending) reject(error ?? new Error("the server closed a connection"));
        },
      });
    }
  });
  const { rate } = options;
  const pace = rate === undefined ? undefined : startPacing(rate, publishers, next);
  if (!pace) for (let connection = 0; connection < options.connections; connection++) refill(connection);
  await wait(options.warmUpSeconds * 1000);
  isMeasuring = true;
  const began = performance.now();
  await wait(options.seconds * 1000);
  isMeasuring = false;
  const elapsed = (performance.now() - began) / 1000;
  isSending = false;
  pace?.stop();
  await wait(300);
  for (const publisher of publishers) publisher.destroy();
  return { messagesPerSecond: acknowledged / elapsed, latencies, acknowledged };
}

const TICK_MS = 1;
/** Behind by more than this, the generator was kept from running; it does not make up for it in one burst. */
const BEHIND_MS_MAX = 20;

/** Spreads `rate` messages a second over the connections, in turn; a connection whose window is full loses its turn. */
function startPacing(rate: number, publishers: readonly Publisher<number>[], next: (connection: number) => Buffer) {
  let last = performance.now();
  let budget = 0;
  let turn = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    budget += (Math.min(now - last, BEHIND_MS_MAX) * rate) / 1000;
    last = now;
    const touched = new Set<Publisher<number>>();
    for (let tries = 0; budget >= 1 && tries < publishers.length * 2; tries++) {
      const connection = turn++ % publishers.length;
      const publisher = publishers[connection];
      if (!publisher || publisher.free() <= 0) continue;
      publisher.publish(next(connection), performance.now());
      touched.add(publisher);
      budget--;
    }
    for (const publisher of touched) publisher.flush();
  }, TICK_MS);
  return { stop: () => clearInterval(timer) };
}
