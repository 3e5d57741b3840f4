import { setTimeout as wait } from "node:timers/promises";
import { removeDataDir } from "../../test/support/ward.ts";
import { percentile, type Row, round, table, thousands } from "../support.ts";
import { wardOfBeds } from "./openward/beds.ts";
import { type LoadResult, runLoad } from "./openward/load.ts";
import { openQuestions } from "./openward/questions.ts";
import { type Inspection, inspect } from "./openward/sizes.ts";
import type { StoreOptions } from "./options.ts";
import { type CpuSeconds, cpuSeconds } from "./process.ts";
import { VITALS } from "./workload.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PACED_SHARE = 0.5;

/** As many distinct readings as it takes, over a few connections, for a minute; then what is stored is counted. */
export async function sustained(options: StoreOptions, say: (line: string) => void): Promise<string> {
  const { patients, seed, connections, sustainedSeconds: seconds } = options;
  const { ward, beds } = await wardOfBeds(patients);
  const database = await inspect(ward.dataDir);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "administrator");
  const start = Math.floor((Date.now() - 30 * DAY_MS) / HOUR_MS) * HOUR_MS;
  const rows = Math.max(1, Math.floor(options.batch / VITALS.length));
  const plan = { port: ward.httpPort, beds, vitals: VITALS, seed, start, rows, connections };
  try {
    const { result, sealing, cpu } = await underWatch(database, ward.process.pid ?? 0, () =>
      runLoad({ ...plan, seconds }),
    );
    say(`${thousands(result.accepted / result.seconds)} readings/s; counting`);
    const questions = await openQuestions(ward.httpPort, token, { beds, vitals: VITALS, start, rows: 1 });
    let stored = 0;
    for (const [bed, sent] of result.rowsOf.entries()) {
      stored += await questions.countOf(bed, start, start + Math.max(1, sent) * 1000);
    }
    const fullRows = [rowOf("as fast as it takes them", result, cpu, sealing)];
    // Where both cores are always full, what takes a share of one shows as a longer queue; so once more at half the rate.
    const rate = Math.max(rows * VITALS.length, Math.floor((result.accepted / result.seconds) * PACED_SHARE));
    const paced = await underWatch(database, ward.process.pid ?? 0, () =>
      runLoad({ ...plan, start: start + 10 * DAY_MS, seconds: Math.max(seconds, SEAL_TURN_S), rate }),
    );
    fullRows.push(rowOf("at half that rate", paced.result, paced.cpu, paced.sealing));
    questions.close();
    const verdict =
      stored === result.accepted
        ? `stored count verified: ${thousands(stored)} of ${thousands(result.accepted)} can be read back`
        : `LOST OR DOUBLED: ${thousands(result.accepted)} acknowledged, ${thousands(stored)} can be read back`;
    const what =
      `${seconds} s of distinct readings, ${beds.length} devices over ${connections} connections, CBOR columns of ` +
      `${thousands(rows * VITALS.length)}, seed ${seed}; generator in a process of its own`;
    if (stored !== result.accepted) throw new Error(verdict);
    return [what, "", table(fullRows), "", verdict].join("\n");
  } finally {
    await database.close();
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
}

/** The sealer runs once a minute: a paced run shorter than that might not meet it. */
const SEAL_TURN_S = 75;
const LOOK_EVERY_MS = 50;
/** Sealing goes on between its transactions: a moment that near to one counts as sealing. */
const NEAR_MS = 150;

async function underWatch(database: Inspection, pid: number, run: () => Promise<LoadResult>) {
  const sealing: number[] = [];
  let isOver = false;
  const look = (async () => {
    while (!isOver) {
      if (await database.isSealing()) sealing.push(Date.now());
      await wait(LOOK_EVERY_MS);
    }
  })();
  const before = cpuSeconds(pid);
  try {
    const result = await run();
    const after = cpuSeconds(pid);
    const cpu = { own: after.own - before.own, descendants: after.descendants - before.descendants };
    return { result, sealing, cpu };
  } finally {
    isOver = true;
    await look;
  }
}

function rowOf(what: string, result: LoadResult, cpu: CpuSeconds, sealing: readonly number[]): Row {
  const { accepted, seconds, answeredAt, tookMs, cpuSeconds: generator } = result;
  const during: number[] = [];
  const other: number[] = [];
  let next = 0;
  for (const [i, at] of answeredAt.entries()) {
    while (next < sealing.length && (sealing[next] ?? 0) < at - (tookMs[i] ?? 0) - NEAR_MS) next++;
    const isNear = next < sealing.length && (sealing[next] ?? 0) <= at + NEAR_MS;
    (isNear ? during : other).push(tookMs[i] ?? 0);
  }
  const millions = accepted / 1e6;
  const p99 = (values: readonly number[]) => (values.length < 100 ? "-" : round(percentile(values, 0.99)));
  return {
    what,
    "readings/s": thousands(accepted / seconds),
    readings: thousands(accepted),
    "ack p50 ms": round(percentile(tookMs, 0.5)),
    "p99 ms": p99(tookMs),
    "p99 not sealing": p99(other),
    "p99 sealing": p99(during),
    "acks while sealing": thousands(during.length),
    "CPU s/M: server": round(cpu.own / millions, 2),
    PostgreSQL: round(cpu.descendants / millions, 2),
    generator: round(generator / millions, 2),
  };
}
