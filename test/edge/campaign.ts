import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { connectAsync } from "mqtt";
import { openLedger } from "../support/ledger.ts";
import { compare, readBack, startLoad, type Verdict } from "../support/load.ts";
import { lastingPort } from "../support/ports.ts";
import { addBeds, apiOf, fhirOf, removeDataDir, startWard } from "../support/ward.ts";
import { addGateway, startGatewayProcess } from "./gateway.ts";
import { startNetwork } from "./proxy.ts";

export interface EdgeCampaignResult extends Verdict {
  readonly seed: number;
  readonly kills: number;
  readonly killsInOutage: number;
  /** Messages that the gateway acknowledged, all of them; and how many of them before the line came back. */
  readonly acknowledged: number;
  readonly keptInOutage: number;
  /** From a pressed button at the gateway to the alarm at the server, while the backlog went up. */
  readonly alarms: {
    readonly asked: number;
    readonly raised: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  /** From the return of the line until the server had everything, kills included. */
  readonly backfillMs: number;
}

const DEVICES = 10;
const HOURS_72 = 72 * 3_600_000;

/**
 * A gateway process between devices and a real server: the network is cut, the gateway is killed with SIGKILL at random moments, the
 * network comes back, buttons are pressed while the backlog goes up, and it is killed on.
 */
export async function edgeCampaign(options: {
  kills: number;
  rate: number;
  /** Messages that are to be kept before the network comes back, at least. */
  messages: number;
  calls: number;
  seed: number;
  say: (line: string) => void;
}): Promise<EdgeCampaignResult> {
  const { kills, rate, messages, calls, seed, say } = options;
  const { float } = seededRandom(seed);
  const place = mkdtempSync(join(tmpdir(), "openward-edge-"));
  const ward = await startWard();
  const network = await startNetwork(ward.httpPort);
  const stops: (() => Promise<void> | void)[] = [
    () => ward.stop(),
    () => network.close(),
    () => removeDataDir(ward.dataDir),
  ];
  try {
    const beds = await addBeds(ward, DEVICES + calls);
    const api = await apiOf(ward);
    const deviceIds = beds.map(({ deviceId }) => deviceId);
    const mqttPort = await lastingPort();
    const env = {
      ...(await addGateway(api, { id: "gateway-1", deviceIds, dataDir: place, serverPort: network.port })),
      OPENWARD_GATEWAY_MQTT_PORT: String(mqttPort),
    };
    let gateway = await startGatewayProcess(env);
    stops.push(() => gateway.kill());
    const base = Date.now() - HOURS_72;
    const ledger = openLedger(join(place, "ledger.txt"));
    const load = startLoad({ beds: beds.slice(0, DEVICES), mqttPort, rate, ledger, base });
    stops.push(() => load.stop());
    await load.reached(100);

    network.cut();
    say("the line is cut");
    const kill = async () => {
      const before = load.acknowledged;
      await wait(200 + float() * 800);
      await gateway.kill();
      gateway = await startGatewayProcess(env);
      await load.reached(before + 50);
    };
    const killsInOutage = Math.ceil(kills / 2);
    for (let n = 1; n <= killsInOutage; n++) {
      await kill();
      say(`kill ${n}: ${load.acknowledged} kept`);
    }
    await load.reached(messages);
    const keptInOutage = load.acknowledged;

    network.mend();
    const backAt = performance.now();
    say(`the line is back, ${keptInOutage} messages behind it`);
    await until(() => /the line to the server is there/.test(gateway.log()), "the gateway found the line");
    const pressed = await pressButtons(beds.slice(DEVICES), mqttPort, float);
    const { raised, latencies } = await raisedOf(api, pressed);
    say(`${raised} of ${calls} calls were heard, the last after ${latencies.at(-1)} ms`);
    for (let n = killsInOutage + 1; n <= kills; n++) {
      await kill();
      say(`kill ${n}: ${load.acknowledged} kept`);
    }
    await load.settled();
    ledger.close();
    const fhir = await fhirOf(ward);
    let verdict: Verdict | undefined;
    for (const end = performance.now() + 300_000; performance.now() < end; await wait(500)) {
      verdict = compare(ledger.lines(), await readBack(fhir, beds.slice(0, DEVICES), base), load.sequences);
      if (verdict.lost.length === 0) break;
    }
    const at = (share: number) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
    return {
      seed,
      kills,
      killsInOutage,
      acknowledged: load.acknowledged,
      keptInOutage,
      alarms: { asked: calls, raised, p50: at(0.5), p99: at(0.99), max: at(1) },
      backfillMs: Math.round(performance.now() - backAt),
      ...(verdict as Verdict),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
    removeDataDir(place);
  }
}

/** @returns when each device's button was pressed, ms UTC */
async function pressButtons(
  beds: readonly { readonly deviceId: string; readonly token: string }[],
  port: number,
  float: () => number,
): Promise<Map<string, number>> {
  const pressed = new Map<string, number>();
  for (const { deviceId, token } of beds) {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { username: deviceId, password: token });
    await wait(float() * 200);
    pressed.set(deviceId, Date.now());
    await client.publishAsync(`devices/${deviceId}/event`, JSON.stringify({ event: "sos-button" }), { qos: 1 });
    await client.endAsync();
  }
  return pressed;
}

interface AlarmBody {
  readonly rule: string;
  readonly deviceId: string | null;
  readonly raisedAt: number;
}

async function raisedOf(
  api: <T>(method: string, path: string) => Promise<T>,
  pressed: ReadonlyMap<string, number>,
): Promise<{ raised: number; latencies: number[] }> {
  const found = new Map<string, number>();
  for (const end = performance.now() + 30_000; performance.now() < end && found.size < pressed.size; await wait(100)) {
    for (const { rule, deviceId, raisedAt } of await api<AlarmBody[]>("GET", "/api/alarms")) {
      const at = deviceId === null ? undefined : pressed.get(deviceId);
      if (rule === "event" && deviceId !== null && at !== undefined) found.set(deviceId, raisedAt - at);
    }
  }
  return { raised: found.size, latencies: [...found.values()].sort((a, b) => a - b) };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 90_000; !isSo(); await wait(20))
    if (performance.now() > end) throw new Error(`not within a minute and a half: ${what}`);
}
