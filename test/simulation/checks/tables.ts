import { DAY_MS } from "@openward/timeseries";
import { type DataKeys, openRaw } from "../../../server/store/keys/index.ts";
import { readRaw } from "../../../server/store/raw/reader.ts";
import type { Stored } from "../database/store.ts";
import type { Message } from "../messages.ts";
import type { Oracle } from "../oracle.ts";
import type { World } from "../world.ts";

/** The clocks jump so much at most. */
const CLOCKS_MS = 10_000;
/** Later than this after the first, a delivery with the same key is another message (the clocks jump a little). */
const RECOGNISED_MS = 10 * 60_000 - 5_000;
const MINUTE_MS = 60_000;

/** What was not placed lies in quarantine whole, and as often as it must; a call for help is one event. */
export function checkTables(world: World, oracle: Oracle, stored: Stored, keys: DataKeys): void {
  const rows = Map.groupBy(stored.quarantine, (row) => `${row.deviceId} ${Buffer.from(openRaw(keys, row)).toString()}`);
  const said = Map.groupBy(oracle.messages, ({ deviceId, body }) => `${deviceId} ${Buffer.from(body).toString()}`);
  for (const [key, messages] of said) {
    const found = rows.get(key)?.length ?? 0;
    const what = `message ${messages.map(({ id }) => id)}: ${key.slice(0, 120)}`;
    const must = messages.filter((each) => each.isQuarantined && each.isAcknowledged).length;
    const may = messages.filter((each) => each.isQuarantined !== false).reduce((sum, each) => sum + timesNew(each), 0);
    if (found < must) world.break("quarantine", `${found} times, not ${must}: ${what}`);
    if (found > may) world.break("once", `${found} times in quarantine, and ${may} would be right: ${what}`);
    rows.delete(key);
  }
  for (const key of rows.keys()) world.break("sent", `in quarantine: ${key.slice(0, 120)}`);

  checkRaw(world, oracle, stored, keys);

  const events = Map.groupBy(stored.events, ({ deviceId, at }) => `${deviceId} ${at}`);
  for (const { eventAt, isAcknowledged, deviceId, id } of oracle.messages) {
    if (eventAt === undefined || !isAcknowledged) continue;
    const found = events.get(`${deviceId} ${eventAt}`)?.length ?? 0;
    if (found === 0) world.break("stored", `the call of message ${id}`);
    if (found > 1) world.break("once", `the call of message ${id} is ${found} calls`);
  }
}

/** What was placed is kept as it was sent, for its day at least, and stands beside its row of the journal. */
function checkRaw(world: World, oracle: Oracle, { raw, journal, quarantine }: Stored, keys: DataKeys): void {
  const kept = new Set(quarantine.map((row) => `${row.deviceId} ${Buffer.from(openRaw(keys, row)).toString()}`));
  const said = new Set(oracle.messages.map(({ deviceId, body }) => `${deviceId} ${Buffer.from(body).toString()}`));
  const positions = new Set(journal.map(({ position }) => position));
  for (const { position, input } of raw) {
    if (!positions.has(position)) world.break("raw", `what was sent at ${position} is not beside the journal`);
    const { messages } = readRaw(input, keys, (error) => world.break("raw", `at ${position}: ${error.message}`));
    for (const { deviceId, body } of messages) {
      const message = `${deviceId} ${Buffer.from(body).toString()}`;
      if (!said.has(message)) world.break("raw", `nobody sent ${message.slice(0, 120)}`);
      kept.add(message);
    }
  }
  const since = world.now - DAY_MS;
  for (const { id, deviceId, body, deliveries, isAcknowledged } of oracle.messages) {
    if (!isAcknowledged || Math.min(...deliveries) < since + CLOCKS_MS) continue;
    if (!kept.has(`${deviceId} ${Buffer.from(body).toString()}`))
      world.break("raw", `message ${id} is not kept: ${Buffer.from(body).toString().slice(0, 120)}`);
  }
}

/** Days have been put together: of those that are over no hour has a row of its own. */
export function checkDays(world: World, stored: Stored): void {
  const before = Math.floor((world.now - MINUTE_MS) / DAY_MS) * DAY_MS;
  for (const { streamId, periodStart } of stored.hours)
    if (periodStart < before) world.break("joined", `the hour at ${periodStart} of ${streamId} stands by itself`);
}

/** How often a message counts as new: its first delivery, and each that comes too late to be recognised. */
export function timesNew({ key, deliveries }: Message): number {
  if (key === null) return deliveries.length;
  let times = 0;
  let since = Number.NEGATIVE_INFINITY;
  for (const at of [...deliveries].sort((a, b) => a - b)) {
    if (at - since < RECOGNISED_MS) continue;
    since = at;
    times++;
  }
  return times;
}
