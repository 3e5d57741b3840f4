import { beatingSignals } from "./beating.ts";
import type { Evidence, Verdict } from "./judge.ts";

/** Above 140/min for 17 beats (Challenge 2015), with some room for monitors' averages. */
const FAST = 120;
const WITHIN_S = 14;
const TRUSTED = 0.6;
/**
 * A pulse is known later than the beats that made the alarm: it speaks against it only if no five pulses were fast. And in a
 * fast, irregular rhythm not every beat makes a pulse: only a regular pulse says that the heart is slower.
 */
const REGULAR = 0.1;
const LONGEST_GAP_S = 2;

export function judgeTachycardia(evidence: Evidence): Verdict {
  const signals = beatingSignals(evidence, evidence.raisedAt - WITHIN_S, evidence.raisedAt, TRUSTED);
  const slower = signals.filter(
    ({ isPulse, steadiness }) =>
      isPulse &&
      (steadiness.unevenness ?? 1) < REGULAR &&
      steadiness.longestGap < LONGEST_GAP_S &&
      (steadiness.highestOfFive ?? 0) < FAST,
  );
  const first = slower[0];
  if (first) return { isTrue: false, because: `${first.name} is slower than ${FAST}/min` };
  const leads = signals.filter(({ isPulse }) => !isPulse);
  const isFast = leads.some(({ steadiness }) => (steadiness.highestOfSeventeen ?? 0) >= FAST);
  if (leads.length > 0 && !isFast) return { isTrue: false, because: "no lead is that fast" };
  return { isTrue: true, because: isFast ? "a lead is that fast, and no pulse is slower" : "nothing contradicts it" };
}
