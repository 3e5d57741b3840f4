import { setTimeout as wait } from "node:timers/promises";
import { createPublisher, type Publisher } from "../../bench/load/publisher.ts";
import type { Ledger } from "./ledger.ts";
import type { fhirOf } from "./ward.ts";

type Fhir = Awaited<ReturnType<typeof fhirOf>>;

interface Sent {
  readonly device: number;
  readonly sequence: number;
}

/** One device per bed, publishing at QoS 1; what is not acknowledged is sent again on the next connection. */
export interface Load {
  /** The next ack. */
  firstAck(): Promise<void>;
  readonly acknowledged: number;
  /** Resolves when so many are acknowledged. @throws after three minutes */
  reached(count: number): Promise<void>;
  /** Milliseconds from publishing to the ack, since the last call. */
  takeLatencies(): number[];
  /** Of each device, how many there have been. */
  readonly sequences: readonly number[];
  /** Nothing new is published; what is under way goes on. */
  pause(): void;
  /** Nothing new is published, and everything that was has been acknowledged. @throws after three minutes */
  settled(): Promise<void>;
  stop(): void;
}

const WINDOW = 50;

export function startLoad(options: {
  readonly beds: readonly { readonly deviceId: string; readonly token: string }[];
  readonly mqttPort: number;
  /** Messages a second, of all devices together. */
  readonly rate: number;
  readonly ledger: Ledger;
  /** Time of the reading before the first. */
  readonly base: number;
}): Load {
  const { beds, mqttPort, rate, ledger, base } = options;
  const sequences = new Array<number>(beds.length).fill(0);
  const publishers: (Publisher<Sent & { at: number }> | null)[] = new Array(beds.length).fill(null);
  const resend: Sent[][] = beds.map(() => []);
  let isRunning = true;
  let acknowledged = 0;
  let latencies: number[] = [];
  let waiters: (() => void)[] = [];

  const open = (device: number) => {
    const bed = beds[device];
    if (!bed || !isRunning) return;
    const publisher = createPublisher<Sent & { at: number }>({
      port: mqttPort,
      deviceId: bed.deviceId,
      token: bed.token,
      topic: `devices/${bed.deviceId}/readings`,
      window: WINDOW,
      onConnected: () => {
        publishers[device] = publisher;
      },
      onAck: (sent) => {
        acknowledged++;
        latencies.push(performance.now() - sent.at);
        ledger.note(`${sent.device} ${sent.sequence}`);
        for (const resolve of waiters) resolve();
        waiters = [];
      },
      onClosed: () => {
        publishers[device] = null;
        // Not acknowledged is not known: it is sent again, the same reading.
        resend[device]?.push(...publisher.unacknowledged());
        setTimeout(() => open(device), 50);
      },
    });
  };
  beds.forEach((_, device) => void open(device));

  const next = (device: number) => {
    const sequence = (sequences[device] ?? 0) + 1;
    sequences[device] = sequence;
    return sequence;
  };
  let budget = 0;
  let isPaused = false;
  const tick = setInterval(() => {
    budget = Math.min(budget + rate / 100, Math.max(rate / 5, 1));
    for (let turn = 0; turn < beds.length && budget >= 1; turn++) {
      const publisher = publishers[turn];
      if (!publisher) continue;
      const share = Math.ceil(rate / 100 / beds.length);
      for (let i = 0; i < share && publisher.free() > 0 && budget >= 1; i++) {
        const again = resend[turn]?.shift();
        if (!again && isPaused) break;
        const sequence = again?.sequence ?? next(turn);
        publisher.publish(payloadOf(base, sequence), { device: turn, sequence, at: performance.now() });
        budget--;
      }
      publisher.flush();
    }
  }, 10);
  const flusher = setInterval(() => ledger.flush(), 20);

  const reached = async (count: number) => {
    for (const end = performance.now() + 180_000; acknowledged < count; await wait(20))
      if (performance.now() > end)
        throw new Error(`${acknowledged} of ${count} were acknowledged within three minutes`);
  };

  return {
    sequences,
    get acknowledged() {
      return acknowledged;
    },
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    firstAck: () => new Promise<void>((resolve) => void waiters.push(resolve)),
    pause() {
      isPaused = true;
    },
    reached,
    settled() {
      isPaused = true;
      return reached(sequences.reduce((sum, count) => sum + count, 0));
    },
    stop() {
      isRunning = false;
      clearInterval(tick);
      clearInterval(flusher);
      for (const publisher of publishers) publisher?.destroy();
    },
  };
}

/** One reading a message: its time and its value both tell the sequence number, so that a mix-up would show. */
export function payloadOf(base: number, sequence: number): Buffer {
  return Buffer.from(`{"at":${base + sequence * 10},"values":{"heart-rate":${40 + (sequence % 160)}}}`);
}

const DAY_MS = 86_400_000;

/** How often each reading of the day behind `base` is there: "device sequence", with what is wrong about its value behind it. */
export async function readBack(
  fhir: Fhir,
  beds: readonly { readonly patientId: string }[],
  base: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const [device, { patientId }] of beds.entries()) {
    const span = `date=lt${new Date(base + DAY_MS).toISOString()}`;
    let next: string | undefined = `Observation?patient=${patientId}&code=8867-4&${span}&_sort=date&_count=1000`;
    while (next) {
      const bundle: Bundle = await fhir<Bundle>(next);
      for (const { resource } of bundle.entry ?? []) {
        if (resource.resourceType !== "Observation" || !resource.effectiveDateTime) continue;
        const sequence = (Date.parse(resource.effectiveDateTime) - base) / 10;
        const isRight = resource.valueQuantity?.value === 40 + (sequence % 160);
        const key = isRight
          ? `${device} ${sequence}`
          : `${device} ${sequence} with value ${resource.valueQuantity?.value}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      next = bundle.link?.find((link) => link.relation === "next")?.url;
    }
  }
  return counts;
}

interface Bundle {
  entry?: { resource: { resourceType: string; effectiveDateTime?: string; valueQuantity?: { value: number } } }[];
  link?: { relation: string; url: string }[];
}

export interface Verdict {
  readonly stored: number;
  readonly lost: string[];
  readonly doubled: string[];
  readonly phantom: string[];
}

export function compare(
  acknowledged: readonly string[],
  stored: ReadonlyMap<string, number>,
  sent: readonly number[],
): Verdict {
  return {
    stored: stored.size,
    lost: acknowledged.filter((key) => !stored.has(key)),
    doubled: [...stored].filter(([, count]) => count > 1).map(([key]) => key),
    phantom: [...stored.keys()].filter((key) => {
      const [device, sequence, more] = key.split(" ").map(Number);
      return more !== undefined || !(Number(sequence) >= 1 && Number(sequence) <= (sent[Number(device)] ?? 0));
    }),
  };
}
