import { killCampaign } from "./kill-campaign.ts";

/** @returns the exit code */
export async function campaignOfKills([
  kills = "50",
  seed = String(Date.now() % 1_000_000),
]: string[]): Promise<number> {
  console.log(`seed ${seed}`);
  const result = await killCampaign({ kills: Number(kills), rate: 2_000, seed: Number(seed), say: console.log });
  const times = result.acceptingAgainMs.toSorted((a, b) => a - b);
  const [lost, doubled, phantom] = [result.lost.length, result.doubled.length, result.phantom.length];
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  const acceptingAgainMs = { p50: at(0.5), p99: at(0.99), max: times.at(-1) };
  console.log(JSON.stringify({ ...result, lost, doubled, phantom, acceptingAgainMs }));
  return lost + doubled + phantom > 0 ? 1 : 0;
}
