import { decodeNumericBlock, encodeNumericBlock, type NumericColumns } from "@openward/timeseries";
import { dayRows } from "./blocks/day.ts";
import { bidmcNumerics, numericSource, WALKS } from "./blocks/numerics.ts";
import { sharedEcg } from "./blocks/recordings.ts";
import { ORIGIN, waveformRows, zstd } from "./blocks/waveforms.ts";
import { type Row, round, table } from "./support.ts";

const SEED = 20_261_122;

/** What readings and samples take and how fast they are read, without server and network. */
export async function blocks(): Promise<Row[]> {
  console.log(`seed ${SEED}\n`);
  console.log(`${table(numericRows())}\n`);
  console.log(`${table(await waveformRows())}\n`);
  return dayRows(SEED);
}

function numericRows(): Row[] {
  const next = numericSource(SEED, 40 * WALKS.length);
  const ward = Array.from({ length: 40 * WALKS.length }, (_, stream) => next(stream, Date.UTC(2026, 10, 22)));
  const rows = [numericRow("hours of a ward at 1 Hz", ward)];
  const ecg = sharedEcg();
  if (ecg) {
    const real = bidmcNumerics(`${ecg}bidmc`).map((each) => each.columns);
    rows.push(numericRow("BIDMC numerics, eight minutes each", real));
  }
  return rows;
}

function numericRow(what: string, all: readonly NumericColumns[]): Row {
  const readings = all.reduce((sum, columns) => sum + columns.times.length, 0);
  let files: Uint8Array[] = [];
  // Several times: the first rounds are the compiler's.
  const fastest = (work: () => void) => {
    let best = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 8; n++) {
      const before = process.cpuUsage().user;
      work();
      best = Math.min(best, process.cpuUsage().user - before);
    }
    return round(readings / best);
  };
  const encoded = fastest(() => {
    files = all.map((columns) => encodeNumericBlock(columns, ORIGIN, zstd));
  });
  const decoded = fastest(() => {
    for (const file of files) decodeNumericBlock(file, zstd);
  });
  const bytes = (parts: (columns: NumericColumns) => Uint8Array[]) => {
    const total = all.reduce(
      (sum, columns) => sum + parts(columns).reduce((n, part) => n + zstd.compress(part).length, 0),
      0,
    );
    return round(total / readings, 4);
  };
  return {
    what,
    blocks: all.length,
    "bytes/reading": round(files.reduce((sum, file) => sum + file.length, 0) / readings, 4),
    "zstd of columns": bytes(({ times, values }) => [bytesOf(times), bytesOf(values)]),
    "differences + zstd": bytes(({ times, values }) => [differences(times, 1), differences(values, 10)]),
    "encoded M/s": encoded,
    "decoded M/s": decoded,
  };
}

const bytesOf = (column: Float64Array) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength);

/** A byte each where they fit, four where one does not. */
function differences(column: Float64Array, scale: number): Uint8Array {
  const whole = column.map((value) => Math.round(value * scale));
  const steps = whole.map((value, i) => value - (i > 0 ? (whole[i - 1] as number) : 0)).slice(1);
  return steps.every((step) => Math.abs(step) < 128)
    ? new Uint8Array(Int8Array.from(steps).buffer)
    : new Uint8Array(Int32Array.from(steps).buffer);
}
