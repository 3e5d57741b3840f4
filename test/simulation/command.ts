import { explain, replay, simulateInParallel } from "./campaign.ts";

const EXPLAINED = 3;

/**
 * `[seeds] [first seed]`, or `replay SEED [steps]` to see one of them again.
 *
 * @returns the exit code
 */
export async function campaignOfHistories(args: readonly string[]): Promise<number> {
  if (args[0] === "replay") {
    const steps = args[2]?.split(",").map(Number);
    console.log(await replay(Number(args[1]), steps));
    return 0;
  }
  const [seeds = 10_000, first = Date.now() % 1_000_000_000] = args.map(Number);
  if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(first) || seeds < 1) {
    console.error("simulate [seeds] [first seed]; simulate replay SEED [step,step,...]");
    return 2;
  }
  console.log(`seeds ${first} to ${first + seeds - 1}`);
  const began = performance.now();
  const { found, histories, messages, virtualMs, counts } = await simulateInParallel(first, seeds, console.log);
  const seconds = Math.round((performance.now() - began) / 1_000);
  const days = Math.round(virtualMs / 86_400_000);
  const faster = Math.round(virtualMs / 1_000 / Math.max(seconds, 1));
  console.log(
    JSON.stringify({ histories, messages, seconds, virtualDays: days, timesRealTime: faster, counts }, null, 2),
  );
  for (const { seed } of found.slice(0, EXPLAINED)) console.log(await explain(seed));
  console.log(`${found.length} of ${histories} histories break an invariant`);
  return found.length > 0 ? 1 : 0;
}
