import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { createPublisher, type Publisher } from "../../bench/load/publisher.ts";
import { openLedger } from "./ledger.ts";
import { addBeds, fhirOf, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "./ward.ts";

export interface CampaignResult {
  readonly seed: number;
  readonly kills: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: string[];
  readonly doubled: string[];
  readonly phantom: string[];
  /** Per kill: from the start of the new process to its first ack, ms. */
  readonly acceptingAgainMs: number[];
  readonly messagesPerSecond: number;
}

interface Sent {
  readonly device: number;
  readonly sequence: number;
}

const DEVICES = 20;
const WINDOW = 50;

/** kill -9 `kills` times at random moments while `rate` messages a second are published at QoS 1; then count. */
export async function killCampaign(options: {
  kills: number;
  rate: number;
  seed: number;
  say: (line: string) => void;
}): Promise<CampaignResult> {
  const random = seededRandom(options.seed);
  const dataDir = temporaryDataDir();
  const ledger = openLedger(join(dataDir, "ledger.txt"));
  let ward = await startWard({ dataDir });
  const beds = await addBeds(ward, DEVICES);
  const { httpPort, mqttPort } = ward;

  const base = Date.now() - 3_600_000;
  const sequences = new Array<number>(DEVICES).fill(0);
  const publishers: (Publisher<Sent> | null)[] = new Array(DEVICES).fill(null);
  const resend: Sent[][] = beds.map(() => []);
  let isRunning = true;
  let acknowledged = 0;
  let firstAckAfterStart: (() => void) | null = null;

  const open = (device: number) => {
    const bed = beds[device];
    if (!bed || !isRunning) return;
    const publisher = createPublisher<Sent>({
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
        ledger.note(`${sent.device} ${sent.sequence}`);
        firstAckAfterStart?.();
        firstAckAfterStart = null;
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
  const tick = setInterval(() => {
    budget = Math.min(budget + options.rate / 100, options.rate / 5);
    for (let turn = 0; turn < DEVICES && budget >= 1; turn++) {
      const publisher = publishers[turn];
      if (!publisher) continue;
      const share = Math.ceil(options.rate / 100 / DEVICES);
      for (let i = 0; i < share && publisher.free() > 0 && budget >= 1; i++) {
        const again = resend[turn]?.shift();
        const sequence = again?.sequence ?? next(turn);
        publisher.publish(payloadOf(base, sequence), { device: turn, sequence });
        budget--;
      }
      publisher.flush();
    }
  }, 10);
  const flusher = setInterval(() => ledger.flush(), 20);

  const acceptingAgainMs: number[] = [];
  const end = async () => {
    isRunning = false;
    clearInterval(tick);
    clearInterval(flusher);
    for (const publisher of publishers) publisher?.destroy();
    await ward.stop();
    removeDataDir(dataDir);
  };
  try {
    const began = performance.now();
    for (let kill = 1; kill <= options.kills; kill++) {
      await wait(1_000 + random.float() * 1_500);
      const exited = once(ward.process, "exit");
      ward.process.kill("SIGKILL");
      await exited;
      const restarted = performance.now();
      const accepting = new Promise<void>((resolve) => {
        firstAckAfterStart = resolve;
      });
      ward = await startWard({ dataDir, httpPort, mqttPort });
      await accepting;
      acceptingAgainMs.push(performance.now() - restarted);
      options.say(
        `kill ${kill}: accepting again after ${Math.round(acceptingAgainMs.at(-1) ?? 0)} ms, ${acknowledged} acknowledged`,
      );
    }
    await wait(1_000);
    clearInterval(tick);
    const messagesPerSecond = acknowledged / ((performance.now() - began) / 1000);
    await wait(1_500);
    ledger.close();

    const stored = await readBack(ward, beds, base);
    const result = compare(ledger.lines(), stored, sequences);
    return {
      seed: options.seed,
      kills: options.kills,
      sent: sequences.reduce((a, b) => a + b, 0),
      acknowledged,
      acceptingAgainMs,
      messagesPerSecond,
      ...result,
    };
  } finally {
    await end();
  }
}

/** One reading a message: its time and its value both tell the sequence number, so that a mix-up would show. */
export function payloadOf(base: number, sequence: number): Buffer {
  return Buffer.from(`{"at":${base + sequence * 10},"values":{"heart-rate":${40 + (sequence % 160)}}}`);
}

export async function readBack(
  ward: RunningWard,
  beds: readonly { patientId: string }[],
  base: number,
): Promise<Map<string, number>> {
  const fhir = await fhirOf(ward);
  const counts = new Map<string, number>();
  for (const [device, { patientId }] of beds.entries()) {
    let next: string | undefined = `Observation?patient=${patientId}&code=8867-4&_sort=date&_count=1000`;
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

export function compare(acknowledged: readonly string[], stored: ReadonlyMap<string, number>, sent: readonly number[]) {
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
