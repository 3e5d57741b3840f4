// Long campaigns, run by hand: npm run campaign:kill -- 200, campaign:archive -- 10000000, campaign:simulate -- 10000, campaign:outages -- 600,
// campaign:acks -- 100000, campaign:powerloss -- 60, campaign:authorisation, campaign:interference -- 10000, campaign:fuzz -- all 1000000, campaign:buffer -- 5, campaign:edge -- 50, campaign:associations -- 100000,
// campaign:subscriptions -- 10
import { campaignOfAcks } from "./acks/command.ts";
import { campaignOfAssociations } from "./associations/command.ts";
import { campaignOfAuthorisation, campaignOfInterference } from "./authorisation/command.ts";
import { campaignOfTheEdge } from "./edge/command.ts";
import { campaignOfFuzzing } from "./fuzz/command.ts";
import { campaignOfPowerLoss } from "./powerloss/command.ts";
import { campaignOfHistories } from "./simulation/command.ts";
import { campaignOfSubscriptions } from "./subscriptions/campaign.ts";
import { campaignOfArchive } from "./support/archive-command.ts";
import { campaignOfBuffers } from "./support/buffer.ts";
import { campaignOfKills } from "./support/kill-command.ts";
import { campaignOfOutages } from "./support/outage-campaign.ts";

interface Campaign {
  readonly usage: string;
  /** @returns the exit code: 0 when every promise held */
  run(args: string[]): Promise<number>;
}

const campaigns: Readonly<Record<string, Campaign>> = {
  kill: { usage: "kill [kills] [seed]", run: campaignOfKills },
  archive: { usage: "archive [readings] [seed]", run: campaignOfArchive },
  simulate: { usage: "simulate [seeds] [first seed]; simulate replay SEED [steps]", run: campaignOfHistories },
  acks: { usage: "acks [messages] [seed]", run: campaignOfAcks },
  powerloss: { usage: "powerloss [rounds] [seed]", run: campaignOfPowerLoss },
  authorisation: { usage: "authorisation", run: campaignOfAuthorisation },
  interference: { usage: "interference [requests] [seed]", run: campaignOfInterference },
  fuzz: { usage: "fuzz [codec, folder or all] [inputs] [seed]", run: campaignOfFuzzing },
  buffer: { usage: "buffer [days] [seed]", run: campaignOfBuffers },
  edge: { usage: "edge [power cuts] [seed]", run: campaignOfTheEdge },
  associations: { usage: "associations [histories] [seed]", run: campaignOfAssociations },
  subscriptions: { usage: "subscriptions [kills] [seed]", run: campaignOfSubscriptions },
  outages: { usage: "outages [seconds] [names]", run: campaignOfOutages },
};

const [name = "", ...args] = process.argv.slice(2);
const campaign = Object.hasOwn(campaigns, name) ? campaigns[name] : undefined;
if (!campaign) {
  const usages = Object.values(campaigns).map(({ usage }) => usage);
  console.error(`campaigns: ${usages.join("; ")}`);
  process.exit(2);
}
process.exit(await campaign.run(args));
