import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { openLedger } from "./ledger.ts";
import { compare, readBack, startLoad } from "./load.ts";
import { addBeds, fhirOf, removeDataDir, startWard, temporaryDataDir } from "./ward.ts";

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

const DEVICES = 20;

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
  const load = startLoad({ beds, mqttPort, rate: options.rate, ledger, base });

  const acceptingAgainMs: number[] = [];
  const end = async () => {
    load.stop();
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
      const accepting = load.firstAck();
      ward = await startWard({ dataDir, httpPort, mqttPort });
      await accepting;
      acceptingAgainMs.push(performance.now() - restarted);
      options.say(
        `kill ${kill}: accepting again after ${Math.round(acceptingAgainMs.at(-1) ?? 0)} ms, ${load.acknowledged} acknowledged`,
      );
    }
    await wait(1_000);
    load.pause();
    const messagesPerSecond = load.acknowledged / ((performance.now() - began) / 1000);
    await wait(1_500);
    ledger.close();

    const stored = await readBack(await fhirOf(ward), beds, base);
    const result = compare(ledger.lines(), stored, load.sequences);
    return {
      seed: options.seed,
      kills: options.kills,
      sent: load.sequences.reduce((a, b) => a + b, 0),
      acknowledged: load.acknowledged,
      acceptingAgainMs,
      messagesPerSecond,
      ...result,
    };
  } finally {
    await end();
  }
}
