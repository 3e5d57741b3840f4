// Long campaigns, run by hand: npm run campaign:kill -- 200, campaign:simulate -- 10000, campaign:outages -- 600
import { campaignOfHistories } from "./simulation/command.ts";
import { killCampaign } from "./support/kill-campaign.ts";
import { campaignOfOutages } from "./support/outage-campaign.ts";

const [name, ...args] = process.argv.slice(2);
if (name === "outages") process.exit(await campaignOfOutages(args));
if (name === "simulate") process.exit(await campaignOfHistories(args));
const [kills = "50", seed = String(Date.now() % 1_000_000)] = args;
if (name !== "kill") {
  console.error(
    "campaigns: kill [kills] [seed]; simulate [seeds] [first seed]; simulate replay SEED [steps]; outages [seconds] [names]",
  );
  process.exit(2);
}
console.log(`seed ${seed}`);
const result = await killCampaign({ kills: Number(kills), rate: 2_000, seed: Number(seed), say: console.log });
const times = result.acceptingAgainMs.toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    ...result,
    lost: result.lost.length,
    doubled: result.doubled.length,
    phantom: result.phantom.length,
    acceptingAgainMs: { p50: times[Math.floor(times.length / 2)], max: times.at(-1) },
  }),
);
process.exit(result.lost.length + result.doubled.length + result.phantom.length > 0 ? 1 : 0);
