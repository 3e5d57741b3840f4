// Long campaigns, run by hand: npm run campaign:kill -- 200; campaign:archive -- 10000000; campaign:simulate -- 10000
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { campaignOfHistories } from "./simulation/command.ts";
import { archiveHour } from "./support/archive-campaign.ts";
import { archiveRecordings } from "./support/archive-recordings.ts";
import { killCampaign } from "./support/kill-campaign.ts";
import { root } from "./support/ward.ts";

const [name, ...args] = process.argv.slice(2);
if (name === "simulate") process.exit(await campaignOfHistories(args));
const [size, seed = String(Date.now() % 1_000_000)] = args;
const campaigns: Record<string, () => Promise<boolean>> = { kill, archive };
const campaign = campaigns[name ?? ""];
if (!campaign) {
  console.error(
    "campaigns: kill [kills] [seed]; archive [readings] [seed]; simulate [seeds] [first seed]; simulate replay SEED [steps]",
  );
  process.exit(2);
}
console.log(`seed ${seed}`);
process.exit((await campaign()) ? 0 : 1);

async function kill(): Promise<boolean> {
  const result = await killCampaign({ kills: Number(size ?? 50), rate: 2_000, seed: Number(seed), say: console.log });
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
  return result.lost.length + result.doubled.length + result.phantom.length === 0;
}

/** Archiving killed at each of its steps; an hour of so many readings, and every recording there is, through the archive and back. */
async function archive(): Promise<boolean> {
  const killed = spawnSync(process.execPath, ["--test", join(root, "server/store/archive/interrupted.int.test.ts")], {
    env: { ...process.env, ALL_KILLS: "yes" },
    stdio: "inherit",
  });
  const hour = await archiveHour(Number(size ?? 10_000_000), Number(seed), console.log);
  console.log(JSON.stringify(hour));
  const folder = join(root, "../shared/data/ecg");
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort() : [];
  if (files.length === 0) console.log("the recordings of ../shared/data are not on this machine");
  const paths = (end: string) => files.filter((file) => file.endsWith(end)).map((file) => join(folder, file));
  const { wrong, ...recordings } = await archiveRecordings(paths(".hea"), paths("_Numerics.csv"), console.log);
  console.log(JSON.stringify({ ...recordings, wrong: wrong.length }), ...wrong.slice(0, 5));
  return killed.status === 0 && hour.wrong === 0 && hour.readBack === hour.readings && wrong.length === 0;
}
