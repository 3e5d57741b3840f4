import { removeDataDir } from "../../test/support/ward.ts";
import { residentBytes } from "../support.ts";
import { wardOfBeds } from "./openward/beds.ts";
import { runLoad } from "./openward/load.ts";
import { openQuestions } from "./openward/questions.ts";
import { inspect, type TableSizes } from "./openward/sizes.ts";
import { cpuSeconds } from "./process.ts";
import { VITALS } from "./workload.ts";

const DAY_MS = 86_400_000;
/** Longer than the minute between two runs of the sealer, so that what follows a run is over as well. */
const QUIET_MS = 75_000;

export interface Filled {
  readonly readings: number;
  readonly readingsPerSecond: number;
  readonly sizes: TableSizes;
  /** CPU seconds of server and PostgreSQL: until the last ack, and from there until all is sealed. */
  readonly ingestCpu: number;
  readonly sealCpu: number;
  readonly residentBytes: number;
  /** Median of last values and trend of a patient, ms. */
  readonly latestMs: number;
  readonly trendMs: number;
}

/**
 * A new ward with so many rows of every patient, sealed, its stored count verified.
 *
 * @throws Error where it is not what was acknowledged
 */
export async function filled(options: {
  patients: number;
  rowsPerPatient: number;
  seed: number;
  batch: number;
  connections: number;
  calls: number;
  say: (line: string) => void;
}): Promise<Filled> {
  const { patients, seed, connections, calls, say } = options;
  const { ward, beds } = await wardOfBeds(patients);
  const database = await inspect(ward.dataDir);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "administrator");
  const cpuNow = () => {
    const { own, descendants } = cpuSeconds(ward.process.pid ?? 0);
    return own + descendants;
  };
  try {
    const rows = Math.min(options.rowsPerPatient, Math.max(1, Math.floor(options.batch / VITALS.length)));
    // Whole messages, so that every patient has the same.
    const rowsPerBed = Math.ceil(options.rowsPerPatient / rows) * rows;
    const span = rowsPerBed * 1000;
    const start = Math.floor((Date.now() - span - DAY_MS) / DAY_MS) * DAY_MS;
    const before = cpuNow();
    const plan = { port: ward.httpPort, beds, vitals: VITALS, seed, start, rows, connections, rowsPerBed };
    const result = await runLoad(plan);
    const acked = cpuNow();
    say(`${result.accepted} readings are acknowledged; sealing`);
    await database.sealed(QUIET_MS);
    const sealed = cpuNow();
    const questions = await openQuestions(ward.httpPort, token, { beds, vitals: VITALS, start, rows: rowsPerBed });
    let stored = 0;
    for (let bed = 0; bed < beds.length; bed++) stored += await questions.countOf(bed, start, start + span);
    if (stored !== result.accepted)
      throw new Error(`${result.accepted} readings were acknowledged, ${stored} can be read back`);
    const median = async (run: (patient: number) => Promise<unknown>) => {
      const times: number[] = [];
      for (let call = 0; call < calls; call++) {
        const began = performance.now();
        await run((call * 7919) % beds.length);
        times.push(performance.now() - began);
      }
      return times.sort((a, b) => a - b)[calls >> 1] ?? Number.NaN;
    };
    const filled: Filled = {
      readings: stored,
      readingsPerSecond: result.accepted / result.seconds,
      sizes: await database.sizes(),
      ingestCpu: acked - before,
      sealCpu: sealed - acked,
      residentBytes: residentBytes(ward.process.pid ?? 0),
      latestMs: await median(questions.latest),
      trendMs: await median((patient) => questions.trend(patient)),
    };
    questions.close();
    return filled;
  } finally {
    await database.close();
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
}
