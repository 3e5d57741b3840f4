import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeExport } from "./files/export.ts";
import { type Row, round } from "./support.ts";

const SEED = 20_261_127;
const READ = fileURLToPath(new URL("./files/read.ts", import.meta.url));
const TASKSET = "/usr/bin/taskset";

interface Told {
  readonly found: Record<string, number>;
  readonly ignored: Record<string, number>;
  readonly pieces: number;
  readonly wallS: number;
  readonly cpuS: number;
  readonly maxRss: number;
}

/** An export of Apple Health of 1 GB, cut and decoded on one core; BENCH_TENTH=1 takes a tenth of it. */
export async function files(): Promise<Row[]> {
  const bytes = process.env.BENCH_TENTH ? 100_000_000 : 1_000_000_000;
  const folder = mkdtempSync(join(tmpdir(), "openward-bench-"));
  try {
    const path = join(folder, "export.xml");
    const counts = await writeExport(path, bytes, SEED);
    const isPinned = existsSync(TASKSET);
    const command = isPinned ? [TASKSET, "-c", "0", process.execPath, READ, path] : [process.execPath, READ, path];
    const [program = "", ...args] = command;
    const told = JSON.parse(execFileSync(program, args, { encoding: "utf8" })) as Told;
    assert.equal(told.found["pulse-rate"], counts.HeartRate);
    assert.equal(told.found.steps, counts.StepCount);
    assert.equal(told.ignored.HKQuantityTypeIdentifierBasalEnergyBurned, counts.BasalEnergyBurned);
    const { size } = statSync(path);
    return [
      {
        what: "Apple Health export.xml",
        seed: SEED,
        MB: round(size / 1e6),
        pieces: told.pieces,
        records: Object.values(counts).reduce((a, b) => a + b, 0),
        "wall s": round(told.wallS),
        "CPU s": round(told.cpuS),
        "MB/CPU s": round(size / 1e6 / told.cpuS),
        "largest memory MB": round(told.maxRss / 1e6),
        "one core": isPinned ? "yes" : "not pinned",
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
