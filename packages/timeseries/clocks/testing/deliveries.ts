import { seededRandom } from "@openward/runtime/manual";
import type { Sighting } from "../track.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What the device's clock really shows at an instant, ms UTC. */
export type DeviceClock = (at: number) => number;

/** A delivery, and when its newest reading was really measured. */
export interface Delivered extends Sighting {
  readonly measuredAt: number;
  readonly bodyHash: number;
}

export interface Dice {
  float(): number;
  between(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
}

export function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  return {
    float: () => random.float(),
    between: (least, most) => least + random.float() * (most - least),
    pick: <T>(choices: readonly T[]) => choices[Math.floor(random.float() * choices.length)] as T,
  };
}

/**
 * What a server sees of a device that measures about every other minute: ways of different length, outages of up to six
 * hours whose buffer is emptied in pieces, single messages that come late or once more, in half of the cases whole seconds.
 */
export function deliveriesOf(clock: DeviceClock, from: number, to: number, dice: Dice): Delivered[] {
  const resolutionMs = dice.pick([1, 1_000]);
  const outages = [1, 2, 3].map(() => {
    const start = dice.between(from + HOUR, to);
    return { start, end: start + dice.between(10 * MINUTE, 6 * HOUR) };
  });
  const delivered: Delivered[] = [];
  const waiting = new Map<number, number>();
  const deliver = (measuredAt: number, receivedAt: number) => {
    const deviceTime = Math.floor(clock(measuredAt) / resolutionMs) * resolutionMs;
    const bodyHash = Math.floor(measuredAt);
    delivered.push({ measuredAt, deviceTime, receivedAt: Math.round(receivedAt), bodyHash });
  };
  for (let at = from; at < to; at += dice.between(MINUTE, 3 * MINUTE)) {
    const way = 40 - 300 * Math.log(1 - dice.float());
    const outage = outages.find(({ start, end }) => at >= start && at < end);
    if (!outage) {
      deliver(at, at + way);
      const again = dice.float();
      if (again < 0.03) deliver(at, at + way + dice.between(5 * MINUTE, 90 * MINUTE));
      continue;
    }
    // The buffer goes in pieces of about twenty readings, of which the newest counts, behind what is live.
    const place = (waiting.get(outage.end) ?? 0) + 1;
    waiting.set(outage.end, place);
    if (place % 20 === 0) deliver(at, outage.end + place * 100 + way);
  }
  return delivered.sort((a, b) => a.receivedAt - b.receivedAt);
}
