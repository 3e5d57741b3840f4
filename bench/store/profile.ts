import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDataDir, root } from "../../test/support/ward.ts";
import { type Row, round, table, thousands } from "../support.ts";
import { wardOfBeds } from "./openward/beds.ts";
import { runLoad } from "./openward/load.ts";
import type { StoreOptions } from "./options.ts";
import { VITALS } from "./workload.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LINES = 40;
const WARM_UP_S = 3;

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
}

const microseconds = () => Number(process.hrtime.bigint() / 1000n);

/** Where the server's thread spends its time at full load, by function and by folder. */
export async function profile(options: StoreOptions): Promise<string> {
  const { patients, seed, connections, sustainedSeconds: seconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "openward-profile-"));
  mkdirSync(folder, { recursive: true });
  const { ward, beds } = await wardOfBeds(patients, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` });
  try {
    const start = Math.floor((Date.now() - 30 * DAY_MS) / HOUR_MS) * HOUR_MS;
    const rows = Math.max(1, Math.floor(options.batch / VITALS.length));
    const plan = { port: ward.httpPort, beds, vitals: VITALS, seed, start, rows, connections };
    // The first messages of each stream are not what a minute costs.
    await runLoad({ ...plan, start: start - DAY_MS, seconds: WARM_UP_S });
    const from = microseconds();
    const result = await runLoad({ ...plan, seconds });
    const to = microseconds();
    await ward.stop();
    const [file] = readdirSync(folder);
    if (file === undefined) throw new Error("the server left no profile");
    const read = JSON.parse(readFileSync(join(folder, file), "utf8")) as Profile;
    const what = `${thousands(result.accepted / result.seconds)} readings/s in messages of ${thousands(rows * VITALS.length)}, under the profiler`;
    return `${what}\n\n${summary(read, result.accepted, from, to)}`;
  } finally {
    await ward.stop();
    removeDataDir(ward.dataDir);
    rmSync(folder, { recursive: true, force: true });
  }
}

function summary(
  { nodes, samples, timeDeltas, startTime }: Profile,
  readings: number,
  from: number,
  to: number,
): string {
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const byFunction = new Map<string, number>();
  const byPlace = new Map<string, number>();
  let busy = 0;
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    const node = nodeOf.get(id);
    const micros = timeDeltas[i] ?? 0;
    at += micros;
    if (at < from || at > to) continue;
    const { functionName, url, lineNumber } = node?.callFrame ?? { functionName: "", url: "", lineNumber: 0 };
    if (functionName === "(idle)") continue;
    busy += micros;
    const place = placeOf(url);
    const name = `${functionName || "(anonymous)"} ${place === "" ? "" : `${place}:${lineNumber + 1}`}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + micros);
    const group = groupOf(functionName, place);
    byPlace.set(group, (byPlace.get(group) ?? 0) + micros);
  }
  const rows = (of: Map<string, number>): Row[] =>
    [...of]
      .sort((a, b) => b[1] - a[1])
      .slice(0, LINES)
      .map(([what, micros]) => ({
        what,
        "% of busy time": round((100 * micros) / busy, 1),
        "ns/reading": round((1000 * micros) / readings, 1),
      }));
  return `${table(rows(byPlace))}\n\n${table(rows(byFunction))}`;
}

function placeOf(url: string): string {
  const path = url.replace(/^file:\/\//, "");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

function groupOf(name: string, place: string): string {
  if (place === "") return name === "(garbage collector)" ? name : "native and program";
  const module = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1];
  if (module !== undefined) return module;
  if (place.startsWith("node:")) return "node";
  return place.split("/").slice(0, 3).join("/");
}
