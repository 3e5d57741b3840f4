import { manualRuntime, seededRandom } from "@openward/runtime/manual";
import { createSpool } from "@openward/spool";
import { createDoor, type Door } from "../collect/door.ts";
import { createForwarder, type Forwarder } from "../forward/forwarder.ts";
import type { Uplink } from "../forward/uplink.ts";
import { type Backlog, createBacklog } from "../keep/backlog.ts";
import type { KeptMessage } from "../keep/message.ts";
import { ModelDisk } from "./model-disk.ts";
import { ModelServer } from "./model-server.ts";

export interface EdgeHistory {
  readonly seed: number;
  readonly devices: number;
  /** Between two messages of a device. */
  readonly everyMs: number;
  readonly outageMs: number;
  readonly cuts: number;
  readonly bytesMax?: number;
  /** What the server takes for each message. */
  readonly lineMs?: number;
  /** A fault that the history must show: answers before the flush, forgets what was delivered, or gives up what was not confirmed. */
  readonly plant?: "early" | "forgetful" | "careless";
}

export interface EdgeResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: readonly string[];
  /** Under more than one name. */
  readonly doubled: readonly string[];
  readonly phantom: readonly string[];
  readonly cuts: number;
  readonly cutsInBackfill: number;
  /** Messages that the server got again, and knew. */
  readonly again: number;
  /** Of what came while the backlog went up: from the gateway to the server's commit. */
  readonly liveMs: { readonly p50: number; readonly p99: number; readonly max: number; readonly count: number };
  /** From the return of the line to the end of the backlog, in the history's time. */
  readonly backfillMs: number;
}

const START = Date.UTC(2026, 10, 20);
const BEFORE_MS = 60_000;
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A gateway through an outage of the line, in the time of a model: devices that send again what was not acknowledged, power cuts that
 * leave of the disk what was flushed (and some of what was not), answers that are lost. Its own code all through.
 */
export async function edgeHistory(history: EdgeHistory): Promise<EdgeResult> {
  const { seed, devices, everyMs, outageMs, cuts, plant } = history;
  const { float } = seededRandom(seed);
  const runtime = manualRuntime(START, seed);
  const { clock, timers } = runtime;
  const disk = new ModelDisk(float, () => new Promise((resolve) => void timers.after(2 + float() * 20, resolve)));
  const server = new ModelServer({ timers, now: () => clock.now(), float });
  server.lineMs = history.lineMs ?? 2;
  const bytesMax = history.bytesMax ?? 1e9;

  let door: Door | undefined;
  let forwarder: Forwarder | undefined;
  let backlog: Backlog | undefined;
  const start = async () => {
    const folder = disk.opened();
    const spool = createSpool(folder, bytesMax, silent, 200_000);
    const kept = createBacklog({ spool, disk: folder, bytesMax, now: () => clock.now(), log: silent });
    const found: KeptMessage[] = [];
    await kept.open((message) => void found.push(message));
    const lossy: Uplink = { send: async () => ({ kind: "taken", quarantined: 0 }) };
    const uplink = plant === "careless" && !server.isReachable ? lossy : server;
    const forward = createForwarder({ backlog: kept, uplink, runtime, log: silent });
    const opened = createDoor({ backlog: kept, forward: (entry) => forward.take(entry), watch: () => {}, runtime });
    if (plant !== "forgetful") for (const message of found) opened.remember(message);
    backlog = kept;
    forwarder = forward;
    door = opened;
  };
  const cut = () => {
    disk.cut();
    // Its timers and requests belong to a process that is no more; what they do reaches neither disk nor devices.
    void forwarder?.stop();
    door = undefined;
  };

  const sent = new Set<string>();
  const acknowledged = new Set<string>();
  const keptAt = new Map<string, number>();
  let number = 0;
  let underWay = 0;
  let isSending = true;
  const send = (device: number, key: string, isAgain: boolean) => {
    const at = clock.now();
    const to = door;
    const late = timers.after(5_000, () => send(device, key, true));
    if (!to) return;
    keptAt.set(key, at);
    const kept = to.accept({
      deviceId: `d${device}`,
      kind: "raw",
      format: "gatt/2a37",
      body: Buffer.from(key, "hex"),
      receivedAt: at,
      deliveryKey: `s:${key}`,
      isRedelivery: isAgain,
    });
    (plant === "early" ? Promise.resolve() : kept).then(
      () => {
        underWay++;
        timers.after(plant === "early" ? 0 : 5 + float() * 10, () => {
          underWay--;
          // Whoever was cut off answers nobody.
          if (to !== door) return;
          late.cancel();
          acknowledged.add(key);
        });
      },
      () => {},
    );
    kept.catch(() => {});
  };
  await start();
  for (let device = 0; device < devices; device++) {
    timers.after(float() * everyMs, () => {
      timers.every(everyMs, () => {
        if (!isSending) return;
        const key = (++number).toString(16).padStart(12, "0");
        sent.add(key);
        send(device, key, false);
      });
    });
  }
  const until = async (ms: number, isOver: () => boolean = () => false) => {
    const end = clock.monotonic() + ms;
    while (clock.monotonic() < end && !isOver()) {
      runtime.step();
      await settle();
    }
  };
  let cutting = 0;
  const cutAndStart = async () => {
    // At any time, while something is written that is not sure yet, and while an answer is under way.
    const isBad = [() => true, () => disk.isBusy, () => underWay > 0][cutting++ % 3];
    await until(120_000, isBad);
    cut();
    await until(1_000 + float() * 30_000);
    await start();
  };

  await until(BEFORE_MS);
  server.isReachable = false;
  const times = Array.from({ length: Math.ceil(cuts / 2) }, () => float() * outageMs).sort((a, b) => a - b);
  let done = 0;
  for (const time of times) {
    await until(time - done);
    done = time;
    await cutAndStart();
  }
  await until(outageMs - done);

  server.isReachable = true;
  server.lostAnswers = 0.05;
  const backAt = clock.now();
  const isOver = () => (backlog?.state.oldestAt ?? Number.POSITIVE_INFINITY) > clock.now() - 60_000;
  let cutsInBackfill = 0;
  // Measured between cuts: who has no power reports nothing.
  const downs: [number, number][] = [];
  for (let n = times.length; n < cuts; n++) {
    await until(500 + float() * 8_000);
    if (!isOver()) cutsInBackfill++;
    const from = clock.now();
    await cutAndStart();
    downs.push([from, clock.now()]);
  }
  await until(7 * 86_400_000, isOver);
  const overAt = clock.now();
  server.lostAnswers = 0;
  await until(BEFORE_MS);
  isSending = false;
  await until(3_600_000, () => acknowledged.size === sent.size && (backlog?.state.messages ?? 1) === 0);
  await forwarder?.stop();

  // Until then nobody knew that the line was back.
  const upAt = [...server.stored.values()].reduce(
    (first, { at }) => (at > backAt ? Math.min(first, at) : first),
    Number.POSITIVE_INFINITY,
  );
  const live = [...server.stored]
    .map(([key, { at }]) => ({ from: keptAt.get(key) ?? 0, at }))
    .filter(({ from }) => from > upAt && from < overAt)
    .filter(({ from, at }) => !downs.some(([begin, end]) => at >= begin && from <= end))
    .map(({ from, at }) => at - from)
    .sort((a, b) => a - b);
  const share = (part: number) => live[Math.min(live.length - 1, Math.floor(live.length * part))] ?? Number.NaN;
  return {
    sent: sent.size,
    acknowledged: acknowledged.size,
    stored: server.stored.size,
    lost: [...acknowledged].filter((key) => !server.stored.has(key)),
    doubled: [...server.doubled],
    phantom: [...server.stored.keys()].filter((key) => !sent.has(key)),
    cuts: times.length + downs.length,
    cutsInBackfill,
    again: server.again,
    liveMs: { p50: share(0.5), p99: share(0.99), max: share(1), count: live.length },
    backfillMs: overAt - backAt,
  };
}
