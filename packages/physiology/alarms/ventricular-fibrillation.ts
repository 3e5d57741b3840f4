import { beatingSignals } from "./beating.ts";
import type { Evidence, Verdict } from "./judge.ts";
import { lookOf } from "./waveform.ts";

/** An oscillation for four seconds (Challenge 2015), within so long before the alarm. */
const LASTS_S = 4;
const WITHIN_S = 13;
const STEP_S = 0.5;
const LEAKAGE = 0.55;
const RATE = [120, 500] as const;
const TRUSTED = 0.7;
const LONGEST_GAP_S = 2;

export function judgeFibrillation(evidence: Evidence): Verdict {
  const { leads, raisedAt, now } = evidence;
  const from = raisedAt - WITHIN_S;
  const beating = beatingSignals(evidence, from, raisedAt, TRUSTED).find(
    ({ steadiness }) => steadiness.longestGap < LONGEST_GAP_S,
  );
  if (beating) return { isTrue: false, because: `${beating.name} goes on` };
  const until = Math.min(raisedAt, now);
  for (const [i, lead] of leads.entries())
    for (let at = from; at + LASTS_S <= until; at += STEP_S) {
      const look = lookOf(lead.wave(at, at + LASTS_S));
      if (look && look.leakage < LEAKAGE && look.rate > RATE[0] && look.rate < RATE[1])
        return { isTrue: true, because: `lead ${i + 1} swings like fibrillation (leakage ${look.leakage.toFixed(2)})` };
    }
  return { isTrue: false, because: "no lead swings like flutter or fibrillation for four seconds" };
}
