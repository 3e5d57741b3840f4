import {
  databaseFrozen,
  databaseKilled,
  databaseRestarts,
  diskFull,
  type OutageOptions,
  type OutageResult,
  slowDisk,
} from "./outages.ts";

type Scenario = (seconds: number, options: OutageOptions) => Promise<OutageResult | null>;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "disk-full": (seconds, options) => diskFull({ hasFloor: true, seconds: Math.min(seconds, 60) }, options),
  "disk-full-no-floor": (seconds, options) => diskFull({ hasFloor: false, seconds: Math.min(seconds, 60) }, options),
  killed: databaseKilled,
  frozen: databaseFrozen,
  restarts: (seconds, options) => databaseRestarts(Math.min(Math.max(Math.round(seconds / 12), 3), 50), options),
  "slow-disk": (seconds, options) => slowDisk(300, Math.min(seconds, 60), options),
  "stuck-disk": (seconds, options) => slowDisk(4_000, Math.min(seconds, 60), options),
};

/**
 * `outages [seconds] [scenario ...]`: trouble of every kind under 2,000 messages a second, so long (600 when left out).
 *
 * @returns the exit code
 */
export async function campaignOfOutages([seconds = "600", ...names]: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(SCENARIOS, name));
  if (!(Number(seconds) > 0) || unknown !== undefined) {
    console.error(`outages [seconds] [${Object.keys(SCENARIOS).join(" | ")}] ...`);
    return 2;
  }
  let failed = 0;
  for (const name of names.length > 0 ? names : Object.keys(SCENARIOS)) {
    try {
      const result = await SCENARIOS[name]?.(Number(seconds), { rate: 2_000, devices: 20, say: console.log });
      if (!result) {
        console.log(`${name}: not possible on this machine`);
        continue;
      }
      const { lost, doubled, phantom } = result;
      const wrong = lost.length + doubled.length + phantom.length;
      if (wrong > 0) failed++;
      console.log(
        JSON.stringify({ name, ...result, lost: lost.length, doubled: doubled.length, phantom: phantom.length }),
      );
    } catch (error) {
      failed++;
      console.log(`${name}: FAILED: ${(error as Error).message}`);
    }
  }
  return failed > 0 ? 1 : 0;
}
