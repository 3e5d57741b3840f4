import { OutsideTrouble } from "@openward/errors";
import { chanceOf } from "./chance.ts";
import { checkLatest } from "./checks/everything.ts";
import { checkReadings } from "./checks/readings.ts";
import { checkTrend, checkWaveform } from "./checks/shapes.ts";
import type { Message } from "./messages.ts";
import type { Oracle } from "./oracle.ts";
import { type Server, VIEW } from "./server.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A question at any moment: what had been acknowledged when it was asked is in the answer, and nothing that was not sent. */
export function ask(
  world: World,
  oracle: Oracle,
  server: Server,
  what: "readings" | "trend" | "latest" | "waveform",
  draw: number,
): void {
  const chance = chanceOf(draw);
  const { telemetry } = server;
  const spanMs = chance.of([5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 60 * HOUR_MS]);
  const to = world.now + MINUTE_MS - (chance.is(0.5) ? 0 : chance.int(8 * HOUR_MS));
  const from = to - spanMs;
  const ids = what === "waveform" ? oracle.waveformIds : oracle.streamIds;
  if (ids.length === 0) return;
  const streamId = chance.of(ids);
  const patientId = oracle.patientOf(streamId);
  const streamIds = ids.filter((id) => id === streamId || (oracle.patientOf(id) === patientId && chance.is(0.5)));
  const sure = oracle.sure(what === "waveform" ? [] : streamIds, from, to);
  world.count(`questions: ${what}`);
  if (!telemetry.isWhole) world.count("questions while the journal is read");

  const asked = async () => {
    switch (what) {
      case "readings": {
        const isDescending = chance.is(0.5);
        const order = isDescending ? "descending" : "ascending";
        const limit = chance.of([1, 10, 1_000]);
        const answer = await telemetry.readings(VIEW, { patientId, streamIds, from, to, order, limit });
        const isWhole = answer.length < limit;
        checkReadings(world, oracle, answer, { streamIds, from, to, isDescending, isWhole, sure, missing: "merged" });
        return;
      }
      case "trend": {
        const buckets = chance.of([1, 10, 100]);
        const trends = await telemetry.trend(VIEW, { patientId, streamIds, from, to, buckets });
        for (const trend of trends) checkTrend(world, oracle, trend, to, sure);
        return;
      }
      case "latest":
        await telemetry.settled;
        checkLatest(world, oracle, telemetry.latest(VIEW, patientId), streamIds, "merged");
        return;
      case "waveform": {
        const heard = oracle.waveforms(streamId).filter(({ message }) => message.isAcknowledged);
        const pieces = await telemetry.waveform(VIEW, { patientId, streamId, from, to });
        const all = new Set(heard.map(({ waveform }) => waveform));
        checkWaveform(world, oracle, pieces, { streamId, from, to, sure: all, missing: "merged" });
      }
    }
  };
  world.watch(unlessUnreachable(world, asked()));
}

/** Who was acknowledged asks at once for what it wrote. */
export function askForOwn(world: World, oracle: Oracle, { telemetry }: Server, message: Message): void {
  const [reading] = message.readings;
  // Not everybody: each looks into blocks, and that is most of what a history costs.
  if (!reading || !world.chance.is(0.4)) return;
  const { streamId, patientId, time } = reading;
  const [from, to] = [time - MINUTE_MS, time + 1];
  const asked = async () => {
    const sure = oracle.sure([streamId], from, to);
    const streamIds = [streamId];
    const query = { patientId, streamIds, from, to, order: "descending", limit: 5_000 } as const;
    const answer = await telemetry.readings(VIEW, query);
    const about = { streamIds, from, to, isDescending: true, isWhole: true, sure, missing: "ownWrites" } as const;
    checkReadings(world, oracle, answer, about);
  };
  world.watch(unlessUnreachable(world, asked()));
}

async function unlessUnreachable(world: World, asked: Promise<void>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof OutsideTrouble)) throw error;
    world.count("questions that the database did not answer");
  }
}
