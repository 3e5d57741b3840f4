import { beatingSignals } from "./beating.ts";
import type { Evidence, Verdict } from "./judge.ts";

/** Below 40/min for five beats (Challenge 2015); monitors round and average, so a little above it is not below. */
const SLOW = 44;
const WITHIN_S = 16;
const TRUSTED = 0.8;
/** A gap that is longer is no slow beat, but one that was missed. */
const LONGEST_GAP_S = 3;

export function judgeBradycardia(evidence: Evidence): Verdict {
  const signals = beatingSignals(evidence, evidence.raisedAt - WITHIN_S, evidence.raisedAt, TRUSTED);
  const faster = signals.find(
    // A pulse is known later than the beat that made the alarm: it speaks against it only if it was never slow at all.
    ({ isPulse, steadiness: { lowestOfThree, lowestOfFive, longestGap } }) =>
      ((isPulse ? lowestOfThree : lowestOfFive) ?? 0) > SLOW && longestGap < LONGEST_GAP_S,
  );
  if (faster) return { isTrue: false, because: `${faster.name} has never five beats below ${SLOW}/min` };
  return { isTrue: true, because: "no signal shows that the heart was faster" };
}
