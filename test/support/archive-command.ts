import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { archiveHour } from "./archive-campaign.ts";
import { archiveRecordings } from "./archive-recordings.ts";
import { root } from "./ward.ts";

/**
 * Archiving killed at each of its steps; an hour of so many readings, and every recording there is, through the archive
 * and back.
 *
 * @returns the exit code
 */
export async function campaignOfArchive([
  readings = "10000000",
  seed = String(Date.now() % 1_000_000),
]: string[]): Promise<number> {
  console.log(`seed ${seed}`);
  const killed = spawnSync(process.execPath, ["--test", join(root, "server/store/archive/interrupted.int.test.ts")], {
    env: { ...process.env, ALL_KILLS: "yes", SEED: seed },
    stdio: "inherit",
  });
  const hour = await archiveHour(Number(readings), Number(seed), console.log);
  console.log(JSON.stringify(hour));
  const folder = join(root, "../shared/data/ecg");
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort() : [];
  if (files.length === 0) console.log("the recordings of ../shared/data are not on this machine");
  const paths = (end: string) => files.filter((file) => file.endsWith(end)).map((file) => join(folder, file));
  const { wrong, ...recordings } = await archiveRecordings(paths(".hea"), paths("_Numerics.csv"), console.log);
  console.log(JSON.stringify({ ...recordings, wrong: wrong.length }), ...wrong.slice(0, 5));
  const isWell = killed.status === 0 && hour.wrong === 0 && hour.readBack === hour.readings && wrong.length === 0;
  return isWell ? 0 : 1;
}
