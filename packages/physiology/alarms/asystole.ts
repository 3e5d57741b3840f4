import { beatingSignals } from "./beating.ts";
import type { Evidence, Verdict } from "./judge.ts";

/** No beat for four seconds (Challenge 2015), within so long before the alarm. */
const GAP_S = 4;
const WITHIN_S = 14;
/** As the monitor knows it only when four seconds are over, and beats only later: the gap that a signal shows may be shorter. */
const SHOWN_S = 3;
const TRUSTED = 0.5;

/** False where one signal shows that the heart went on: a pulse first, since a pacemaker's spikes look like beats. */
export function judgeAsystole(evidence: Evidence): Verdict {
  const from = evidence.raisedAt - WITHIN_S;
  const signals = beatingSignals(evidence, from, evidence.raisedAt, TRUSTED);
  const beating = signals.find(({ steadiness }) => steadiness.longestGap < SHOWN_S);
  if (beating) return { isTrue: false, because: `${beating.name} goes on` };
  return { isTrue: true, because: `no signal goes on without a gap of ${GAP_S} s` };
}
