import { parseArgs } from "node:util";

export interface StoreOptions {
  readonly seed: number;
  readonly patients: number;
  /** Seconds of numerics of each patient, once a second. */
  readonly seconds: number;
  readonly ecgPatients: number;
  readonly ecgSeconds: number;
  /** Readings of a batch. */
  readonly batch: number;
  readonly calls: number;
  /** Only systems whose name has this in it. */
  readonly only: string | undefined;
  readonly isArterial: boolean;
  /** Seconds of the sustained ingest. */
  readonly sustainedSeconds: number;
  readonly connections: number;
  /** Hours of the day whose bytes are counted. */
  readonly hours: number;
  /** Largest step of `scale`, readings. */
  readonly readingsMax: number;
  readonly patientsMax: number;
}

export const USAGE = `npm run bench -- store [table|sustained|day|scale|profile ...] [options]
  table      all systems that are installed, one table
  sustained  60 s of distinct readings into Openward; acks while sealing and while not
  day        bytes of a day of 200 patients
  scale      1 to 100 M readings, 10 to 10,000 patients; cost per patient-month
  profile    where the server's thread spends its time at full load
  none of these: table, sustained and day
options: --seed N  --patients N  --seconds N  --ecg-patients N  --ecg-seconds N  --batch N  --calls N  --only NAME  --arterial
  --sustained-seconds N  --connections N  --hours N  --readings-max N  --patients-max N
  --tenth: everything at about a tenth, to try it out`;

/** @throws Error with the usage */
export function readOptions(args: readonly string[]): { parts: string[]; options: StoreOptions } {
  const number = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: number,
      patients: number,
      seconds: number,
      "ecg-patients": number,
      "ecg-seconds": number,
      batch: number,
      calls: number,
      only: { type: "string" },
      arterial: { type: "boolean", default: false },
      tenth: { type: "boolean", default: false },
      "sustained-seconds": number,
      connections: number,
      hours: number,
      "readings-max": number,
      "patients-max": number,
    },
  });
  const whole = (name: keyof typeof values, fallback: number, tenth = fallback): number => {
    const given = values[name];
    if (given === undefined) return values.tenth ? tenth : fallback;
    const value = Number(given);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name}: a whole number, 1 or more`);
    return value;
  };
  return {
    parts: positionals,
    options: {
      seed: whole("seed", 20260301),
      patients: whole("patients", 200),
      seconds: whole("seconds", 3600, 360),
      ecgPatients: whole("ecg-patients", 20),
      ecgSeconds: whole("ecg-seconds", 600, 60),
      batch: whole("batch", 1000),
      calls: whole("calls", 200, 50),
      only: values.only?.toLowerCase(),
      isArterial: values.arterial,
      sustainedSeconds: whole("sustained-seconds", 60, 10),
      connections: whole("connections", 16),
      hours: whole("hours", 24, 2),
      readingsMax: whole("readings-max", 100_000_000, 10_000_000),
      patientsMax: whole("patients-max", 10_000, 1_000),
    },
  };
}
