import { readdirSync, readFileSync } from "node:fs";
import { manualRuntime } from "@openward/runtime/manual";
import { emptyColumns, type NumericColumns } from "@openward/timeseries";

const SECONDS = 3600;

interface Walk {
  /** In units of the resolution. */
  readonly home: number;
  readonly perUnit: number;
  /** Chance that a second differs from the one before: heart rate, SpO2 and breathing as counted in the BIDMC recordings. */
  readonly change: number;
  /** Measured so often and held in between, seconds. */
  readonly every: number;
}

export const WALKS: readonly Walk[] = [
  { home: 80, perUnit: 1, change: 0.27, every: 1 },
  { home: 96, perUnit: 1, change: 0.043, every: 1 },
  { home: 16, perUnit: 1, change: 0.09, every: 1 },
  { home: 38, perUnit: 1, change: 0.15, every: 1 },
  { home: 370, perUnit: 10, change: 0.017, every: 1 },
  { home: 122, perUnit: 1, change: 0.95, every: 300 },
  { home: 76, perUnit: 1, change: 0.95, every: 300 },
  { home: 92, perUnit: 1, change: 0.95, every: 300 },
];

export type Source = ReturnType<typeof numericSource>;

/** Hours of a ward's numerics, seeded: each call is the next hour of one stream. */
export function numericSource(seed: number, streams: number) {
  const { random } = manualRuntime(0, seed);
  const states = Array.from({ length: streams }, (_, i) => (WALKS[i % WALKS.length] as Walk).home);
  return (stream: number, start: number): NumericColumns => {
    const { home, perUnit, change, every } = WALKS[stream % WALKS.length] as Walk;
    const columns = emptyColumns(SECONDS);
    let value = states[stream] as number;
    for (let i = 0; i < SECONDS; i++) {
      if (i % every === stream % every && random.float() < change) {
        const u = random.float();
        const size = every > 1 ? 1 + Math.floor(u * 8) : u < 0.68 ? 1 : u < 0.86 ? 2 : u < 0.95 ? 3 : 4;
        value += random.float() < 0.5 + Math.max(-0.45, Math.min(0.45, (home - value) / 12)) ? size : -size;
      }
      columns.times[i] = start + i * 1000;
      columns.values[i] = value / perUnit;
      columns.receivedAt[i] = start + i * 1000 + 250;
      columns.utcOffsets[i] = 60;
    }
    states[stream] = value;
    return columns;
  };
}

/** The one-hertz numerics of the BIDMC recordings, a column each. */
export function bidmcNumerics(folder: string): { name: string; columns: NumericColumns }[] {
  const found: { name: string; columns: NumericColumns }[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith("_Numerics.csv"))) {
    const [head = "", ...lines] = readFileSync(`${folder}/${file}`, "utf8").trim().split("\n");
    const rows = lines.map((line) => line.split(",").map((cell) => Number.parseFloat(cell)));
    for (const [c, name] of head.split(",").entries()) {
      if (c === 0) continue;
      const there = rows.filter((row) => Number.isFinite(row[c]));
      if (there.length === 0) continue;
      const columns = emptyColumns(there.length);
      columns.times.set(there.map((row) => Date.UTC(2026, 10, 22) + Math.round((row[0] as number) * 1000)));
      columns.values.set(there.map((row) => row[c] as number));
      columns.receivedAt.set(columns.times.map((time) => Math.floor(time / 60_000) * 60_000));
      found.push({ name: `${file} ${name.trim()}`, columns });
    }
  }
  return found;
}
