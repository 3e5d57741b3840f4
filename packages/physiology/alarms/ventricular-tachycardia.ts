import { deflections } from "./deflections.ts";
import type { Evidence, Verdict } from "./judge.ts";
import { WAVE_S } from "./lead.ts";
import { ventricularRun } from "./ventricular-run.ts";

const WITHIN_S = 13;
const KNOWN_S = 60;

/** Beats as the QRS detector has them, and whatever is as large as one: either may show the run. */
export function judgeVentricularTachycardia({ leads, raisedAt, now }: Evidence): Verdict {
  const until = Math.min(now, raisedAt);
  const from = raisedAt - WITHIN_S;
  for (const [i, lead] of leads.entries()) {
    const beats = lead.beats.between(until - KNOWN_S, until);
    const wave = lead.wave(until - WAVE_S, until);
    const run =
      ventricularRun(beats, from, until) ?? ventricularRun(deflections(wave, until - WAVE_S, beats), from, until);
    if (!run) continue;
    return { isTrue: true, because: `lead ${i + 1}: ${run.beats} beats unlike the usual, ${Math.round(run.rate)}/min` };
  }
  return { isTrue: false, because: "no lead shows five beats in a row that are unlike the usual and alike" };
}
