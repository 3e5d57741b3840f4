import { deflections } from "./deflections.ts";
import type { Evidence, Verdict } from "./judge.ts";
import { WAVE_S } from "./lead.ts";
import { usualBeats, ventricularRun } from "./ventricular-run.ts";

const WITHIN_S = 13;
const KNOWN_S = 60;
/** With fewer in a minute there is no lead at all, and nothing that an alarm could be of. */
const FEWEST_SEEN = 10;

/** Beats as the QRS detector has them, and whatever is as large as one: either may show the run. */
export function judgeVentricularTachycardia({ leads, raisedAt, now }: Evidence): Verdict {
  const until = Math.min(now, raisedAt);
  const from = raisedAt - WITHIN_S;
  let isTold = false;
  let isSeen = false;
  for (const [i, lead] of leads.entries()) {
    const beats = lead.beats.between(until - KNOWN_S, until);
    const wave = lead.wave(until - WAVE_S, until);
    const run =
      ventricularRun(beats, from, until) ?? ventricularRun(deflections(wave, until - WAVE_S, beats), from, until);
    isTold ||= usualBeats(beats, from) !== null;
    isSeen ||= beats.length >= FEWEST_SEEN;
    if (!run) continue;
    return { isTrue: true, because: `lead ${i + 1}: ${run.beats} beats unlike the usual, ${Math.round(run.rate)}/min` };
  }
  if (isSeen && !isTold) return { isTrue: true, because: "no lead is good enough to tell one beat from another" };
  return { isTrue: false, because: "no lead shows a run of beats that are unlike the usual and alike" };
}
