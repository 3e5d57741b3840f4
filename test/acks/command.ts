import { openTestDatabase } from "../../server/store/database/testing/database.ts";
import { ackCampaign, type Door } from "./campaign.ts";
import { plantedAcks } from "./plants.ts";

const DOORS: readonly Door[] = ["mqtt", "http", "mllp"];

/**
 * `[messages] [seed] [mqtt, http or mllp]`, on a PostgreSQL that flushes; then every planted fault, which must be found.
 *
 * @returns the exit code
 */
export async function campaignOfAcks(args: readonly string[]): Promise<number> {
  const [messages = 100_000, seed = Date.now() % 1_000_000] = args.slice(0, 2).map(Number);
  const door = DOORS.find((each) => each === args[2]);
  if (args[2] !== undefined && door === undefined) {
    console.error("acks [messages] [seed] [mqtt, http or mllp]");
    return 2;
  }
  if (!Number.isSafeInteger(messages) || !Number.isSafeInteger(seed) || messages < 1) {
    console.error("acks [messages] [seed]");
    return 2;
  }
  console.log(`${messages} messages, seed ${seed}`);
  const database = await openTestDatabase({ durable: true });
  try {
    const result = await ackCampaign(database, { messages, seed, ...(door && { door }) });
    console.log(JSON.stringify({ ...result, early: result.early.length }, null, 2));
    for (const early of result.early.slice(0, 10)) console.log(`too early: ${early}`);
    let isBlind = false;
    for (const { what, plant } of plantedAcks) {
      const { early, overMqtt, overHttp, overMllp } = await ackCampaign(database, { messages, seed, plant });
      isBlind ||= early.length === 0;
      console.log(
        `where ${what}: ${early.length > 0 ? `found after ${overMqtt + overHttp + overMllp} acks` : "NOT FOUND"}`,
      );
    }
    return result.early.length > 0 || result.lost > 0 || isBlind ? 1 : 0;
  } finally {
    await database.close();
  }
}
