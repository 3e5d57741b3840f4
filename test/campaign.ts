// Long campaigns, run by hand: npm run campaign:kill -- 200, npm run campaign:simulate -- 10000
import { campaignOfAcks } from "./acks/command.ts";
import { campaignOfPowerLoss } from "./powerloss/command.ts";
import { campaignOfHistories } from "./simulation/command.ts";
import { killCampaign } from "./support/kill-campaign.ts";

const [name, ...args] = process.argv.slice(2);
if (name === "simulate") process.exit(await campaignOfHistories(args));
if (name === "powerloss") process.exit(await campaignOfPowerLoss(args));
if (name === "acks") process.exit(await campaignOfAcks(args));
const [kills = "50", seed = String(Date.now() % 1_000_000)] = args;
if (name !== "kill") {
  console.error(
    "campaigns: kill [kills] [seed]; acks [messages] [seed]; powerloss [rounds] [seed]; simulate [seeds] [first seed]; simulate replay SEED [steps]",
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
