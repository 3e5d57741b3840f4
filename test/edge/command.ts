import { type EdgeHistory, edgeHistory } from "../../gateway/testing/edge.ts";
import { edgeCampaign } from "./campaign.ts";

const HOUR_MS = 3_600_000;

/** @returns the exit code */
export async function campaignOfTheEdge([
  kills = "50",
  seed = String(Date.now() % 1_000_000),
]: string[]): Promise<number> {
  console.log(`seed ${seed}`);
  const history: EdgeHistory = {
    seed: Number(seed),
    devices: 5,
    everyMs: 5_000,
    outageMs: 72 * HOUR_MS,
    cuts: Number(kills),
  };
  console.log(`72 hours without a line in a model's time, ${kills} power cuts ...`);
  const modelled = await edgeHistory(history);
  const counts = ({
    lost,
    doubled,
    phantom,
  }: {
    lost: readonly string[];
    doubled: readonly string[];
    phantom: readonly string[];
  }) => ({
    lost: lost.length,
    doubled: doubled.length,
    phantom: phantom.length,
  });
  console.log(JSON.stringify({ ...modelled, ...counts(modelled) }));
  console.log(`a real gateway before a real server, SIGKILL ${kills} times ...`);
  const real = await edgeCampaign({
    kills: Number(kills),
    rate: 2_000,
    messages: 60_000,
    calls: 40,
    seed: Number(seed),
    say: console.log,
  });
  console.log(JSON.stringify({ ...real, ...counts(real) }));
  const faults = [modelled, real].flatMap((one) => Object.values(counts(one))).reduce((sum, count) => sum + count, 0);
  const isLate = modelled.liveMs.p99 > 2_000 || real.alarms.p99 > 2_000 || real.alarms.raised < real.alarms.asked;
  return faults > 0 || isLate ? 1 : 0;
}
