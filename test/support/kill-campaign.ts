import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { startBatches } from "./batches.ts";
import { openLedger } from "./ledger.ts";
import { compare, readBack, startLoad } from "./load.ts";
import { startMonitor } from "./monitors.ts";
import { lastingPort } from "./ports.ts";
import { addBeds, fhirOf, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "./ward.ts";

export interface CampaignResult {
  readonly seed: number;
  readonly kills: number;
  readonly sent: number;
  /** Messages over MQTT. */
  readonly acknowledged: number;
  /** Batches over HTTP. */
  readonly batches: number;
  /** Messages of HL7 over MLLP. */
  readonly messages: number;
  readonly stored: number;
  readonly lost: string[];
  readonly doubled: string[];
  readonly phantom: string[];
  /** Per kill: from the start of the new process to its first ack, ms. */
  readonly acceptingAgainMs: number[];
  readonly messagesPerSecond: number;
  /** How often something moved, files at the end, and what is wrong with them. */
  readonly archive: {
    readonly moves: number;
    readonly files: number;
    readonly damaged: number;
    readonly unknown: number;
  };
}

const DEVICES = 20;
const GATEWAYS = 2;
/** The last bed: its monitor speaks HL7. */
const MONITOR = DEVICES + GATEWAYS;
/** However slow the machine, so many at least are acknowledged before each kill. */
export const ACKS_BETWEEN_KILLS = 500;
const DAY_MS = 86_400_000;

/**
 * kill -9 `kills` times at random moments while `rate` messages a second are published at QoS 1, batches come over HTTP
 * and a monitor speaks HL7 over MLLP; then count. What is sent was measured days ago, so that sealing, putting days together and archiving are always at work on it.
 */
export async function killCampaign(options: {
  kills: number;
  rate: number;
  seed: number;
  say: (line: string) => void;
}): Promise<CampaignResult> {
  const random = seededRandom(options.seed);
  const dataDir = temporaryDataDir();
  const ledger = openLedger(join(dataDir, "ledger.txt"));
  const env = {
    OPENWARD_ARCHIVE_NUMERIC_DAYS: "1",
    OPENWARD_TEST_HOUSEKEEPING_MS: "700",
    OPENWARD_LOG_LEVEL: "info",
    OPENWARD_MLLP_PORT: String(await lastingPort()),
    OPENWARD_MLLP_GATEWAY: `bed-${MONITOR}`,
  };
  const ports = { httpPort: await lastingPort(), mqttPort: await lastingPort() };
  let ward = await startWard({ dataDir, env, ...ports });
  const beds = await addBeds(ward, DEVICES + GATEWAYS + 1);
  const { httpPort, mqttPort } = ports;

  const base = Date.now() - 3 * DAY_MS;
  // A stream's newest day is never archived.
  for (const bed of beds) await sendNow(ward, bed);
  const load = startLoad({ beds: beds.slice(0, DEVICES), mqttPort, rate: options.rate, ledger, base });
  const batches = startBatches({ beds: beds.slice(DEVICES, MONITOR), httpPort, ledger, base, firstDevice: DEVICES });

  const monitor = startMonitor({ mllpPort: Number(env.OPENWARD_MLLP_PORT), ledger, base, device: MONITOR });

  const acceptingAgainMs: number[] = [];
  let moves = 0;
  const movesOf = (running: RunningWard) => running.log().split("older blocks were moved").length - 1;
  const end = async () => {
    load.stop();
    batches.stop();
    monitor.stop();
    await ward.stop();
    removeDataDir(dataDir);
  };
  try {
    const began = performance.now();
    for (let kill = 1; kill <= options.kills; kill++) {
      const before = load.acknowledged;
      await wait(1_000 + random.float() * 1_500);
      await load.reached(before + ACKS_BETWEEN_KILLS);
      const exited = once(ward.process, "exit");
      ward.process.kill("SIGKILL");
      await exited;
      moves += movesOf(ward);
      const restarted = performance.now();
      const accepting = load.firstAck();
      ward = await startWard({ dataDir, env, ...ports });
      await accepting;
      acceptingAgainMs.push(performance.now() - restarted);
      options.say(
        `kill ${kill}: accepting again after ${Math.round(acceptingAgainMs.at(-1) ?? 0)} ms, ${load.acknowledged} acknowledged`,
      );
    }
    await wait(1_000);
    load.pause();
    const messagesPerSecond = load.acknowledged / ((performance.now() - began) / 1000);
    await batches.pause();
    await monitor.pause();
    await wait(1_500);
    ledger.close();

    // What was read again from the journal, at least, moves once more.
    for (let n = 0; n < 1_800 && movesOf(ward) === 0; n++) await wait(100);
    const found = await archiveOf(ward);
    const archive = { moves: moves + movesOf(ward), ...found };
    const stored = await readBack(await fhirOf(ward), beds, base);
    const result = compare(ledger.lines(), stored, [...load.sequences, ...batches.sequences, monitor.sequence]);
    return {
      seed: options.seed,
      kills: options.kills,
      sent: load.sequences.reduce((a, b) => a + b, 0),
      acknowledged: load.acknowledged,
      batches: batches.acknowledged,
      messages: monitor.acknowledged,
      acceptingAgainMs,
      messagesPerSecond,
      archive,
      ...result,
    };
  } finally {
    await end();
  }
}

async function sendNow(ward: RunningWard, { deviceId, token }: { deviceId: string; token: string }): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ values: { "heart-rate": 60 } }),
  });
  if (!answer.ok) throw new Error(`a reading was refused: ${answer.status}`);
}

/** Beside the running server, which may be writing a file: that one has its row. */
async function archiveOf(ward: RunningWard) {
  const { files, damaged, unknown } = await ward.json<{ files: number; damaged: unknown[]; unknown: unknown[] }>(
    "archive",
    "verify",
  );
  return { files, damaged: damaged.length, unknown: unknown.length };
}
