import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Vital } from "../workload.ts";
import type { Bed } from "./beds.ts";

export interface LoadPlan {
  readonly port: number;
  readonly beds: readonly Bed[];
  readonly vitals: readonly Vital[];
  readonly seed: number;
  /** Time of the first row of every bed, ms UTC. */
  readonly start: number;
  /** Rows of a message, a second apart; a message is of one bed. */
  readonly rows: number;
  readonly connections: number;
  /** Ends after so many seconds ... */
  readonly seconds?: number;
  /** ... or when every bed has sent so many rows. */
  readonly rowsPerBed?: number;
  /** Readings a second over all connections; left out: each sends when it has its answer. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly accepted: number;
  /** Until the last answer. */
  readonly seconds: number;
  /** Rows that each bed has had acknowledged. */
  readonly rowsOf: readonly number[];
  /** When each answer came, ms since 1970, and how long it took, ms. */
  readonly answeredAt: readonly number[];
  readonly tookMs: readonly number[];
  /** CPU of the generator itself. */
  readonly cpuSeconds: number;
}

const PROGRAM = fileURLToPath(new URL("./load-process.ts", import.meta.url));

/** Runs the generator in a process of its own. */
export function runLoad(plan: LoadPlan): Promise<LoadResult> {
  // Under a CPU profile it is the server that is looked at.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(PROGRAM, { env, serialization: "advanced" });
  return new Promise((resolve, reject) => {
    child.once("message", (result) => {
      resolve(result as LoadResult);
      child.disconnect();
    });
    child.once("exit", (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.send(plan);
  });
}
