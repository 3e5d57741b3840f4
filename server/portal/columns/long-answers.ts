import { RefusedInput } from "@openward/errors";

/** Called once, when the answer has ended or its reader has left. */
export type EndAnswer = () => void;

/**
 * How many long answers are under way. Each holds a piece of a stream in memory and a turn at the database for as long
 * as its reader takes, so one person's export must not take the ward's.
 */
export function createLongAnswers({ each = 8, all = 64 } = {}) {
  const underWay = new Map<string, number>();
  let total = 0;
  return {
    /** @throws RefusedInput RATE_LIMITED when too many of this caller, or of all, are under way */
    begin(callerId: string): EndAnswer {
      const own = underWay.get(callerId) ?? 0;
      if (own >= each) throw new RefusedInput("RATE_LIMITED", { expected: `${each} long answers at a time` });
      if (total >= all)
        throw new RefusedInput("RATE_LIMITED", { expected: `${all} long answers at a time, of everybody` });
      underWay.set(callerId, own + 1);
      total++;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        total--;
        const left = (underWay.get(callerId) ?? 1) - 1;
        if (left > 0) underWay.set(callerId, left);
        else underWay.delete(callerId);
      };
    },
  };
}
