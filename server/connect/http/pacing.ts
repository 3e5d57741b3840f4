import type { Pace } from "../ports.ts";
import { tooMany } from "./too-many.ts";

const BYTES_OF_A_UNIT = 65_536;
const LINES_OF_A_UNIT = 50;

export interface Load {
  readonly bytes: number;
  readonly lines: number;
  /** It was let in as one message that is no event. */
  readonly isPaid: boolean;
  /** Somebody may be calling for help in it. */
  readonly isEvent: boolean;
}

/**
 * How fast one device, or one gateway, may send. What may be a call for help is never refused: beyond the pace it is taken
 * one at a time, so that a flood of them has one place in the house and no more.
 */
export function createPacing(pace: Pace | undefined) {
  const turns = new Map<string, Promise<unknown>>();
  const behind = async <T>(deviceId: string, work: () => Promise<T>): Promise<T> => {
    const before = turns.get(deviceId) ?? Promise.resolve();
    const mine = before.then(work, work);
    turns.set(deviceId, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(deviceId) === mine) turns.delete(deviceId);
    }
  };

  return {
    /**
     * Before the body is read.
     *
     * @param kind of the one message; undefined: lines, each of which has its own
     * @throws RefusedInput RATE_LIMITED
     */
    admit(deviceId: string, kind: string | undefined): void {
      if (!pace || kind === "event" || kind === undefined) return;
      const waitMs = pace.spend(deviceId, 1);
      if (waitMs > 0) throw tooMany(waitMs);
    },

    /** @throws RefusedInput RATE_LIMITED, of lines without an event */
    async take<T>(deviceId: string, { bytes, lines, isPaid, isEvent }: Load, work: () => Promise<T>): Promise<T> {
      if (!pace) return work();
      const rest = bytes / BYTES_OF_A_UNIT + lines / LINES_OF_A_UNIT;
      if (!isPaid) {
        const waitMs = pace.spend(deviceId, 1);
        if (waitMs > 0 && !isEvent) throw tooMany(waitMs);
        if (waitMs > 0) return behind(deviceId, work);
      }
      pace.charge(deviceId, rest);
      return work();
    },
  };
}
