import type { Artefact } from "../physiology/patient.ts";
import type { Rhythm } from "../physiology/rhythm.ts";
import type { Vital, Vitals } from "../physiology/vitals.ts";
import type { Action, Scenario } from "./load.ts";

/** What a scenario wants in one second. */
export interface Moment {
  readonly rhythm: Rhythm;
  readonly set: Readonly<Partial<Vitals>>;
  readonly artefacts: ReadonlySet<Artefact>;
  /** Signals that the sensor does not give now. */
  readonly silent: ReadonlySet<string>;
  readonly events: readonly { readonly event: string; readonly detail: Readonly<Record<string, unknown>> }[];
  /** Seconds for which the connection breaks, beginning now; 0 for none. */
  readonly disconnectForS: number;
}

const NOTHING: ReadonlySet<never> = new Set();

/**
 * A scenario at second `atS` since it began. Between key frames a vital sign goes straight from one value to the next
 * of the key frames that name it; before the first and after the last it stays. A looping scenario starts again.
 */
export function momentOf(scenario: Scenario, atS: number, baseline: Vitals): Moment {
  const s = scenario.loop ? atS % scenario.lengthS : atS;
  let rhythm: Rhythm = "sinus";
  for (const frame of scenario.keyFrames) if (frame.atS <= s && frame.rhythm) rhythm = frame.rhythm;
  return {
    rhythm,
    set: setPoints(scenario, s, baseline),
    artefacts: activeSet(scenario.actions, s, (a) => (a.do === "artefact" ? [a.artefact] : [])),
    silent: activeSet(scenario.actions, s, (a) => (a.do === "silence" ? a.signals : [])),
    events: scenario.actions.flatMap((a) =>
      a.do === "event" && a.atS === s ? [{ event: a.event, detail: a.detail }] : [],
    ),
    disconnectForS: scenario.actions.find((a) => a.do === "disconnect" && a.atS === s)?.forS ?? 0,
  };
}

function setPoints(scenario: Scenario, s: number, baseline: Vitals): Partial<Vitals> {
  const set: Partial<Record<Vital, number>> = {};
  for (const vital of scenario.vitals) {
    let before: { atS: number; value: number } | null = null;
    for (const frame of scenario.keyFrames) {
      const point = frame.vitals[vital];
      if (point === undefined) continue;
      const value = typeof point === "number" ? point : baseline[vital] + point.by;
      if (frame.atS > s) {
        // Before the first frame that names it, the patient's own baseline holds.
        if (before !== null)
          set[vital] = before.value + ((value - before.value) * (s - before.atS)) / (frame.atS - before.atS);
        before = null;
        break;
      }
      before = { atS: frame.atS, value };
    }
    if (before !== null) set[vital] = before.value;
  }
  return set;
}

function activeSet<T>(actions: readonly Action[], s: number, of: (action: Action) => readonly T[]): ReadonlySet<T> {
  let found: Set<T> | null = null;
  for (const action of actions) {
    if (s < action.atS || s >= action.atS + action.forS) continue;
    for (const item of of(action)) {
      found ??= new Set();
      found.add(item);
    }
  }
  return found ?? NOTHING;
}
