import type { Random } from "@openward/runtime";
import { seededRandom } from "@openward/runtime/manual";

/** One numeric of the workload: a bounded walk in steps of the monitor's resolution. */
export interface Vital {
  readonly signal: string;
  /** In units of the resolution, as all that follows. */
  readonly rest: readonly [number, number];
  readonly bounds: readonly [number, number];
  /** Values are whole multiples of 1 / perUnit. */
  readonly perUnit: number;
  /** Chance that a second's value differs from the one before. */
  readonly change: number;
  /** Measured so often, held in between; 1 is every second. */
  readonly everyS: number;
}

// How often heart rate, respiratory rate and SpO2 change from second to second, and by how much: counted in the 32
// one-hertz numerics records of BIDMC (Pimentel 2016). The rest is what monitors do: cuff pressures every five minutes.
const vital = (
  signal: string,
  rest: Vital["rest"],
  bounds: Vital["bounds"],
  change: number,
  { perUnit = 1, everyS = 1 } = {},
): Vital => ({ signal, rest, bounds, perUnit, change, everyS });

const CUFF_S = 300;
export const VITALS: readonly Vital[] = [
  vital("heart-rate", [55, 105], [35, 180], 0.27),
  vital("spo2", [92, 99], [82, 100], 0.043),
  vital("respiratory-rate", [10, 24], [5, 40], 0.09),
  vital("etco2", [30, 45], [15, 65], 0.15),
  vital("body-temperature", [361, 382], [340, 410], 0.017, { perUnit: 10 }),
  vital("nibp-systolic", [100, 150], [70, 210], 0.95, { everyS: CUFF_S }),
  vital("nibp-diastolic", [55, 90], [35, 120], 0.95, { everyS: CUFF_S }),
  vital("nibp-mean", [70, 110], [45, 150], 0.95, { everyS: CUFF_S }),
];

/** Cuff pressures in place of a line in the artery are almost free to store; with a line, all eight move. */
export const ARTERIAL_VITALS: readonly Vital[] = [
  ...VITALS.slice(0, 5),
  vital("art-systolic", [100, 150], [70, 210], 0.45),
  vital("art-diastolic", [55, 90], [35, 120], 0.35),
  vital("art-mean", [70, 110], [45, 150], 0.35),
];

export interface Workload {
  readonly seed: number;
  readonly vitals: readonly Vital[];
  readonly patients: number;
  /** Rows of each patient, a second apart. */
  readonly rows: number;
  /** Time of the first row, ms UTC, a full hour. */
  readonly start: number;
  /** Values of a patient in units of the resolution, [vital][row]. */
  readonly values: readonly (readonly Uint16Array[])[];
}

export function createWorkload(options: {
  seed: number;
  patients: number;
  rows: number;
  start: number;
  vitals?: readonly Vital[];
}): Workload {
  const { seed, patients, rows, start, vitals = VITALS } = options;
  const random = seededRandom(seed);
  const values = Array.from({ length: patients }, () => vitals.map((each) => walk(random, each, rows)));
  return { seed, vitals, patients, rows, start, values };
}

function walk(random: Random, { rest, bounds, change, everyS }: Vital, rows: number): Uint16Array {
  const [from, to] = rest;
  const home = from + Math.floor(random.float() * (to - from + 1));
  const spread = (bounds[1] - bounds[0]) / 4;
  const out = new Uint16Array(rows);
  const phase = Math.floor(random.float() * everyS);
  let value = home;
  for (let row = 0; row < rows; row++) {
    if ((row + phase) % everyS === 0 && random.float() < change) {
      const u = random.float();
      // Of the steps counted in BIDMC two thirds are by one; a cuff's readings lie further apart.
      const size = everyS > 1 ? 1 + Math.floor(u * 8) : u < 0.68 ? 1 : u < 0.86 ? 2 : u < 0.95 ? 3 : 4;
      const pull = Math.max(-0.45, Math.min(0.45, (home - value) / spread));
      const step = random.float() < 0.5 + pull ? size : -size;
      value = Math.max(bounds[0], Math.min(bounds[1], value + step));
    }
    out[row] = value;
  }
  return out;
}

/** A run of rows of one patient; with eight vitals 125 rows are 1,000 readings. */
export interface Batch {
  readonly patient: number;
  readonly first: number;
  readonly rows: number;
}

/** In the order in which wards send: all patients' first rows, then all their next ones. */
export function batchesOf({ patients, rows, vitals }: Workload, readings: number): Batch[] {
  const size = Math.max(1, Math.floor(readings / vitals.length));
  const batches: Batch[] = [];
  for (let first = 0; first < rows; first += size) {
    for (let patient = 0; patient < patients; patient++) {
      batches.push({ patient, first, rows: Math.min(size, rows - first) });
    }
  }
  return batches;
}

export const timeOf = ({ start }: Pick<Workload, "start">, row: number) => start + row * 1000;

/** The value in the signal's unit, as a device would say it. */
export function valueAt(workload: Workload, patient: number, vital: number, row: number): number {
  return (workload.values[patient]?.[vital]?.[row] ?? 0) / (workload.vitals[vital]?.perUnit ?? 1);
}

export const readingsOf = ({ patients, rows, vitals }: Workload) => patients * rows * vitals.length;
