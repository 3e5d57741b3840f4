import { chmodSync } from "node:fs";
import { removeDataDir, temporaryDataDir } from "../support/ward.ts";
import { powerLossCampaign, type Sabotage } from "./campaign.ts";
import { buildShim } from "./shim.ts";

const ROUNDS_WITH_SABOTAGE = 4;

/**
 * `[rounds] [seed]`; then the same with PostgreSQL's fsync off and with the spool's removed, which must be found.
 *
 * @returns the exit code
 */
export async function campaignOfPowerLoss(args: readonly string[]): Promise<number> {
  const [rounds = 20, seed = Date.now() % 1_000_000] = args.map(Number);
  if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(seed) || rounds < 1) {
    console.error("powerloss [rounds] [seed]");
    return 2;
  }
  const folder = temporaryDataDir();
  // The user that PostgreSQL runs as loads it as well.
  chmodSync(folder, 0o755);
  const shim = buildShim(folder);
  if ("missing" in shim) {
    console.error(`no power is lost here: ${shim.missing}`);
    removeDataDir(folder);
    return 1;
  }
  const { library } = shim;
  console.log(`${rounds} rounds, seed ${seed}`);
  try {
    const result = await powerLossCampaign({ rounds, seed, library, say: console.log });
    const { lost, doubled, phantom, ruined } = result;
    const counted = { ...result, seed, lost: lost.length, doubled: doubled.length, phantom: phantom.length };
    console.log(JSON.stringify(counted, null, 2));
    let isBlind = false;
    for (const sabotage of ["fsync=off", "no spool fsync"] satisfies Sabotage[]) {
      const found = await powerLossCampaign({ rounds: ROUNDS_WITH_SABOTAGE, seed, library, sabotage, say: () => {} });
      const isFound = found.lost.length > 0 || found.ruined.length > 0;
      isBlind ||= !isFound;
      const what =
        found.ruined.length > 0 ? found.ruined.join("; ") : `${found.lost.length} lost of ${found.acknowledged}`;
      console.log(`${sabotage}: ${isFound ? "found" : "NOT FOUND"}: ${what}`);
    }
    return lost.length + doubled.length + phantom.length + ruined.length > 0 || isBlind ? 1 : 0;
  } finally {
    removeDataDir(folder);
  }
}
