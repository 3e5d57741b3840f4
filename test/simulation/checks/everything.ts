import type { Reading, ReadingsQuery } from "../../../server/store/telemetry/index.ts";
import type { Oracle } from "../oracle.ts";
import { type Server, VIEW } from "../server.ts";
import type { Invariant, World } from "../world.ts";
import { checkReadings } from "./readings.ts";
import { checkTrend, checkWaveform } from "./shapes.ts";
import { timesNew } from "./tables.ts";

/** Everything that can be asked of a quiet server, all of it acknowledged. */
export async function checkEverything(world: World, oracle: Oracle, { telemetry }: Server, missing: Invariant) {
  const [from, to] = [world.start - 48 * 3_600_000, world.now + 3_600_000];
  const weights: Reading[] = [];
  for (const patientId of VIEW.patientIds()) {
    const streams = (await telemetry.streams(VIEW, patientId)).map(({ stream }) => stream);
    const ids = streams.filter(({ kind }) => kind === "numeric").map(({ id }) => id);
    const sure = oracle.sure(ids, from, to);
    let lastRead: readonly Reading[] = [];
    for (const isDescending of world.chance.is(0.3) ? [false, true] : [world.chance.is(0.5)]) {
      const order = isDescending ? "descending" : "ascending";
      // Small pages are dear: each looks into the blocks anew.
      const limit = world.chance.is(0.2) ? Math.max(3, Math.ceil(sure.size / 20)) : 10_000;
      const all: Reading[] = [];
      for (;;) {
        const last = all.at(-1);
        const after = last && { time: last.time, streamId: last.stream.id, ordinal: last.ordinal };
        const query: ReadingsQuery = { patientId, streamIds: ids, from, to, order, limit, ...(after && { after }) };
        const page = await telemetry.readings(VIEW, query);
        all.push(...page);
        if (page.length < limit) break;
      }
      checkReadings(world, oracle, all, { streamIds: ids, from, to, isDescending, isWhole: true, sure, missing });
      lastRead = all;
    }
    weights.push(...lastRead.filter(({ stream }) => stream.signal === "body-weight"));
    const measured = streams.filter(({ id, signal }) => ids.includes(id) && signal !== "body-weight");
    const buckets = world.chance.of([1, 24, 300]);
    const trendFrom = world.now - world.chance.of([1, 5, 60]) * 3_600_000;
    const streamIds = measured.map(({ id }) => id);
    const trends = await telemetry.trend(VIEW, { patientId, streamIds, from: trendFrom, to: world.now, buckets });
    for (const trend of trends) checkTrend(world, oracle, trend, world.now, sure);
    for (const { id, kind } of streams) {
      if (kind !== "waveform") continue;
      const pieces = await telemetry.waveform(VIEW, { patientId, streamId: id, from, to });
      const all = new Set(oracle.waveforms(id).map(({ waveform }) => waveform));
      checkWaveform(world, oracle, pieces, { streamId: id, from, to, sure: all, missing });
    }
    checkLatest(world, oracle, telemetry.latest(VIEW, patientId), ids, missing);
  }
  for (const id of oracle.streamIds) {
    const patientId = oracle.patientOf(id);
    const isKnown = (await telemetry.streams(VIEW, patientId)).some(({ stream }) => stream.id === id);
    if (!isKnown) world.break(missing, `the stream ${id} of patient ${patientId}`);
  }
  checkWeights(world, oracle, weights);
}

export function checkLatest(
  world: World,
  oracle: Oracle,
  latest: readonly Reading[],
  streamIds: readonly string[],
  missing: Invariant,
): void {
  for (const id of streamIds) {
    const newest = Math.max(...[...oracle.sure([id], 0, 8e15)].map(({ reading }) => reading.time));
    const found = latest.find(({ stream }) => stream.id === id);
    if (newest > (found?.time ?? Number.NEGATIVE_INFINITY))
      world.break(missing, `the newest reading of ${id} is ${found?.time}, not ${newest}`);
  }
}

/** A reading without a time is there once, however often it was delivered, unless too late to be recognised. */
function checkWeights(world: World, oracle: Oracle, weights: readonly Reading[]): void {
  const found = Map.groupBy(weights, ({ value, stream }) => `${stream.deviceId} ${value}`);
  for (const message of oracle.messages) {
    if (!message.timeless) continue;
    const times = found.get(`${message.deviceId} ${message.timeless.value}`)?.length ?? 0;
    const may = timesNew(message);
    if (times > may) world.break("once", `the weight of message ${message.id} is there ${times} times, not ${may}`);
  }
}
