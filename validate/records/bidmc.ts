import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** A patient's eight minutes; each column as the file has it, NaN where a cell is empty. */
export interface BidmcPatient {
  readonly name: string;
  readonly rateHz: number;
  /** RESP, PLETH and leads of the ECG, in normalised units. */
  readonly signals: ReadonlyMap<string, Float64Array>;
  /** Each second: HR, PULSE, RESP, SpO2. */
  readonly numerics: ReadonlyMap<string, Float64Array>;
  /** Seconds of the breaths that each annotator marked. */
  readonly breaths: readonly (readonly number[])[];
}

const RATE_HZ = 125;

/** Those whose signals are there. */
export function* bidmcPatients(folder: string): Generator<BidmcPatient> {
  const names = readdirSync(folder).flatMap((file) => /^(bidmc_\w+)_Signals\.csv(\.gz)?$/.exec(file)?.[1] ?? []);
  for (const name of names.sort())
    yield {
      name,
      rateHz: RATE_HZ,
      signals: columns(join(folder, `${name}_Signals.csv`)),
      numerics: columns(join(folder, `${name}_Numerics.csv`)),
      breaths: [...columns(join(folder, `${name}_Breaths.csv`)).values()].map((samples) =>
        [...samples].filter(Number.isFinite).map((sample) => sample / RATE_HZ),
      ),
    };
}

function columns(file: string): Map<string, Float64Array> {
  const text = existsSync(file) ? readFileSync(file, "utf8") : gunzipSync(readFileSync(`${file}.gz`)).toString();
  const [head = "", ...lines] = text.trimEnd().split(/\r?\n/);
  const names = head.split(",").map((name) => name.trim());
  const rows = lines.map((line) => line.split(","));
  return new Map(
    names.map((name, i) => [name, Float64Array.from(rows, (row) => (row[i]?.trim() ? Number(row[i]) : Number.NaN))]),
  );
}
