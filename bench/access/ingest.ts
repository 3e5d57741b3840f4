import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { percentile, type Row, round } from "../support.ts";
import { openPipeline, type Pipeline } from "./pipeline.ts";
import type { Sending, Sent } from "./sender.ts";

const DEVICES = 100;
/** Readings a message, and how many messages are measured at once: a tenth of a second of CPU and more. */
const LOADS = [
  { over: "http", readings: 2, messages: 2_000 },
  { over: "http", readings: 200, messages: 1_500 },
  { over: "mqtt", readings: 2, messages: 10_000 },
  { over: "mqtt", readings: 200, messages: 2_000 },
] as const;
const QUADS = Number(process.env.ACCESS_QUADS ?? 16);
const WARM_UP = 3;
const DAY_MS = 86_400_000;

/** CPU of the server, of all its threads, and the time that it took until the last ack. */
interface Cost {
  readonly cpu: number;
  readonly ms: number;
}

type Side = "a" | "b";

/**
 * What the access checks and the audit take from ingest. One server in this process, journal and a PostgreSQL that flushes
 * behind it, two doors to it: one as it is, one that asks nobody who they are and records nothing. The devices are a process
 * of their own. In turns off, on, on, off, so that what else the machine does, and what grows meanwhile, falls on both.
 * Beside it, in the same turns, off against off: what this way of measuring sees where there is nothing.
 */
export async function ingestRows(): Promise<Row[]> {
  const pipeline = await openPipeline(DEVICES);
  const sender = fork(fileURLToPath(new URL("sender.ts", import.meta.url)));
  try {
    const off = await pipeline.open("off");
    const pairs = { on: await pipeline.open("on"), "off again": await pipeline.open("off") };
    const rows: Row[] = [];
    let from = Date.now() - 30 * DAY_MS;
    for (const { over, readings, messages } of LOADS) {
      for (const [name, ports] of Object.entries(pairs)) {
        const each = { over, devices: pipeline.devices, messages, items: readings / 2 };
        const next = async (side: Side) => {
          const sending = { ...each, port: (side === "a" ? off : ports)[over], from };
          from += (messages / DEVICES) * each.items * 1000;
          return measured(sender, sending);
        };
        const what = `ingest, ${over.toUpperCase()}, ${readings} readings a message: off against ${name}`;
        const row = rowOf(what, await compared(pipeline, next), messages);
        console.error(`  ${Object.values(row).join("; ")}`);
        rows.push(row);
      }
    }
    return rows;
  } finally {
    sender.kill();
    await pipeline.close();
  }
}

async function compared(pipeline: Pipeline, next: (side: Side) => Promise<Cost>) {
  const quads: Record<Side, Cost>[] = [];
  for (let n = 0; n < QUADS + WARM_UP; n++) {
    const sums = { a: { cpu: 0, ms: 0 }, b: { cpu: 0, ms: 0 } };
    for (const side of n % 2 === 0 ? (["a", "b", "b", "a"] as const) : (["b", "a", "a", "b"] as const)) {
      const { cpu, ms } = await next(side);
      sums[side] = { cpu: sums[side].cpu + cpu / 2, ms: sums[side].ms + ms / 2 };
    }
    await pipeline.seal();
    // The first are compiled meanwhile.
    if (n >= WARM_UP) quads.push(sums);
  }
  return quads;
}

function rowOf(what: string, quads: readonly Record<Side, Cost>[], messages: number): Row {
  const each = (of: keyof Cost, side: Side) =>
    percentile(
      quads.map((quad) => quad[side][of] / messages),
      0.5,
    );
  const added = (of: keyof Cost) => quads.map(({ a, b }) => 100 * (b[of] / a[of] - 1));
  const percent = (values: readonly number[], p: number) => round(percentile(values, p));
  const spread = (values: readonly number[]) =>
    `${percent(values, 0.5)} % (${percent(values, 0.25)} to ${percent(values, 0.75)})`;
  return {
    what,
    "CPU us a message": `${round(each("cpu", "a"))} / ${round(each("cpu", "b"))}`,
    "CPU added, median (quartiles)": spread(added("cpu")),
    "messages/s": `${Math.round(1000 / each("ms", "a"))} / ${Math.round(1000 / each("ms", "b"))}`,
    "time added, median (quartiles)": spread(added("ms")),
  };
}

/** Memory of what was before is not collected in what is measured next. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

async function measured(sender: ChildProcess, sending: Sending): Promise<Cost> {
  collectGarbage();
  const began = process.cpuUsage();
  const answer = await new Promise<Sent | { error: string }>((resolve, reject) => {
    sender.once("message", (message) => resolve(message as Sent | { error: string }));
    sender.once("exit", () => reject(new Error("the sender ended")));
    sender.send(sending);
  });
  const { user, system } = process.cpuUsage(began);
  sender.removeAllListeners("exit");
  if ("error" in answer) throw new Error(answer.error);
  return { cpu: user + system, ms: answer.ms };
}
