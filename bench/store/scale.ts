import { type Row, round, table, thousands } from "../support.ts";
import { type Filled, filled } from "./filled.ts";
import type { StoreOptions } from "./options.ts";
import { VITALS } from "./workload.ts";

// Assumptions, not quotations: round list prices of large clouds, on demand, without discounts.
const USD_PER_VCPU_HOUR = 0.04;
const USD_PER_GB_MONTH = 0.1;
/** A month's readings are kept on the database's disk for so long. */
const MONTHS_KEPT = 12;

const SECONDS_PER_DAY = 86_400;
const DAYS_PER_MONTH = 30;
const MILLION = 1e6;
const USUAL_PATIENTS = 200;
const USUAL_READINGS = 10 * MILLION;

/** How cost grows: with readings at one size of ward, and with patients at one number of readings. */
export async function scale(options: StoreOptions, say: (line: string) => void): Promise<string> {
  const { seed, batch, connections, calls, readingsMax, patientsMax } = options;
  const steps = [
    ...[1, 10, 100].map((millions) => ({ readings: millions * MILLION, patients: USUAL_PATIENTS })),
    ...[10, 100, 1_000, 10_000].map((patients) => ({ readings: USUAL_READINGS, patients })),
  ].filter(({ readings, patients }) => readings <= readingsMax && patients <= patientsMax);
  const rows: Row[] = [];
  for (const { readings, patients } of steps) {
    say(`${thousands(readings)} readings of ${thousands(patients)} patients ...`);
    const rowsPerPatient = Math.ceil(readings / patients / VITALS.length);
    rows.push(rowOf(patients, await filled({ patients, rowsPerPatient, seed, batch, connections, calls, say })));
  }
  return [
    `a patient-day is ${VITALS.length} numerics once a second: ${thousands(VITALS.length * SECONDS_PER_DAY)} readings; seed ${seed}`,
    `prices assumed: ${USD_PER_VCPU_HOUR} USD a vCPU hour, ${USD_PER_GB_MONTH} USD a GB month; a month's readings kept for ${MONTHS_KEPT} months`,
    "",
    table(rows),
  ].join("\n");
}

function rowOf(patients: number, run: Filled): Row {
  const { readings, sizes, ingestCpu, sealCpu } = run;
  const cpuPerReading = (ingestCpu + sealCpu) / readings;
  const bytesPerReading = sizes.telemetry / readings;
  const perDay = VITALS.length * SECONDS_PER_DAY;
  const cpuUsd = ((cpuPerReading * perDay * DAYS_PER_MONTH) / 3600) * USD_PER_VCPU_HOUR;
  const diskUsd = ((bytesPerReading * perDay * DAYS_PER_MONTH) / 1e9) * USD_PER_GB_MONTH * MONTHS_KEPT;
  return {
    what: `${thousands(patients)} patients`,
    readings: thousands(readings),
    "readings/s": thousands(run.readingsPerSecond),
    "CPU s/M readings": round(cpuPerReading * MILLION, 2),
    "bytes/reading": round(bytesPerReading, 3),
    "CPU s/patient-day": round(cpuPerReading * perDay, 2),
    "kB/patient-day": round((bytesPerReading * perDay) / 1000, 1),
    "USD/patient-month": round(cpuUsd + diskUsd, 4),
    "server MiB": Math.round(run.residentBytes / 2 ** 20),
    "last values ms": round(run.latestMs, 2),
    "trend ms": round(run.trendMs, 2),
  };
}
