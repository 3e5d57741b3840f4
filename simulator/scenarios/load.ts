import { RefusedInput } from "@openward/errors";
import { findSignal } from "@openward/signals";
import type { Artefact } from "../physiology/patient.ts";
import type { Rhythm } from "../physiology/rhythm.ts";
import { VITALS, type Vital } from "../physiology/vitals.ts";

/** A set point: a value in the signal's unit, or so much more or less than the patient's baseline. */
export type SetPoint = number | { readonly by: number };

export interface KeyFrame {
  readonly atS: number;
  readonly rhythm: Rhythm | null;
  readonly vitals: Readonly<Partial<Record<Vital, SetPoint>>>;
}

export type Action = { readonly atS: number; readonly forS: number } & (
  | { readonly do: "event"; readonly event: string; readonly detail: Readonly<Record<string, unknown>> }
  | { readonly do: "silence"; readonly signals: readonly string[] }
  | { readonly do: "artefact"; readonly artefact: Artefact }
  | { readonly do: "disconnect" }
);

/** A course of events as data: see the files beside this one. */
export interface Scenario {
  readonly scenario: string;
  readonly description: string;
  readonly lengthS: number;
  readonly loop: boolean;
  readonly keyFrames: readonly KeyFrame[];
  readonly actions: readonly Action[];
  /** The vital signs that some key frame names. */
  readonly vitals: readonly Vital[];
}

const RHYTHMS: readonly Rhythm[] = ["sinus", "atrial-fibrillation"];
const ARTEFACTS: readonly Artefact[] = ["motion", "lead-off", "pleth-dropout", "baseline-wander"];
const LENGTH_S_MAX = 7 * 86_400;
const ITEMS_MAX = 1000;

/**
 * Check a scenario.
 *
 * @param file name for messages
 * @throws RefusedInput FIELD_INVALID or SIGNAL_UNKNOWN with `at` "sepsis.json: keyFrames[2].vitals.heart-rate"
 */
export function parseScenario(input: unknown, file: string): Scenario {
  const refuse = (path: string, expected: string, received: unknown) =>
    new RefusedInput("FIELD_INVALID", {
      at: `${file}: ${path}`,
      expected,
      received: JSON.stringify(received) ?? "nothing",
    });
  const record = (value: unknown, path: string, known: readonly string[]): Record<string, unknown> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(path, "an object", value);
    const odd = Object.keys(value).find((key) => !known.includes(key));
    if (odd !== undefined) throw refuse(path === "" ? odd : `${path}.${odd}`, `one of ${known.join(", ")}`, odd);
    return value as Record<string, unknown>;
  };
  const number = (value: unknown, path: string, low: number, high: number): number => {
    if (typeof value !== "number" || !(value >= low && value <= high)) throw refuse(path, `${low} to ${high}`, value);
    return value;
  };
  const text = (value: unknown, path: string): string => {
    if (typeof value !== "string" || value === "" || value.length > 500) throw refuse(path, "a text", value);
    return value;
  };
  const choice = <T extends string>(value: unknown, path: string, of: readonly T[]): T => {
    const found = of.find((one) => one === value);
    if (found === undefined) throw refuse(path, `one of ${of.join(", ")}`, value);
    return found;
  };
  const list = (value: unknown, path: string): readonly unknown[] => {
    if (!Array.isArray(value) || value.length > ITEMS_MAX) throw refuse(path, `a list, up to ${ITEMS_MAX} long`, value);
    return value;
  };

  const top = record(input, "", ["scenario", "description", "lengthS", "loop", "keyFrames", "actions"]);
  const lengthS = number(top.lengthS, "lengthS", 1, LENGTH_S_MAX);
  let last = -1;
  const keyFrames = list(top.keyFrames, "keyFrames").map((entry, i): KeyFrame => {
    const path = `keyFrames[${i}]`;
    const frame = record(entry, path, ["atS", "rhythm", "vitals"]);
    const atS = number(frame.atS, `${path}.atS`, 0, lengthS);
    if (atS <= last) throw refuse(`${path}.atS`, `later than ${last}`, atS);
    last = atS;
    const vitals: Partial<Record<Vital, SetPoint>> = {};
    for (const [key, value] of Object.entries(record(frame.vitals ?? {}, `${path}.vitals`, VITALS))) {
      const vital = key as Vital;
      vitals[vital] = setPoint(value, `${path}.vitals.${key}`, vital);
    }
    const rhythm = frame.rhythm === undefined ? null : choice(frame.rhythm, `${path}.rhythm`, RHYTHMS);
    return { atS, rhythm, vitals };
  });
  if (keyFrames.length === 0) throw refuse("keyFrames", "at least one", []);

  function setPoint(value: unknown, path: string, vital: Vital): SetPoint {
    const low = findSignal(vital)?.hardMin ?? 0;
    const high = findSignal(vital)?.hardMax ?? 1000;
    if (typeof value !== "object" || value === null) return number(value, path, low, high);
    return { by: number(record(value, path, ["by"]).by, `${path}.by`, low - high, high - low) };
  }

  const actions = list(top.actions ?? [], "actions").map((entry, i): Action => {
    const path = `actions[${i}]`;
    const kind = choice((entry as { do?: unknown } | null)?.do, `${path}.do`, [
      "event",
      "silence",
      "artefact",
      "disconnect",
    ]);
    const keys = {
      event: ["event", "detail"],
      silence: ["signals", "forS"],
      artefact: ["artefact", "forS"],
      disconnect: ["forS"],
    };
    const action = record(entry, path, ["atS", "do", ...keys[kind]]);
    const atS = number(action.atS, `${path}.atS`, 0, lengthS);
    if (!Number.isInteger(atS)) throw refuse(`${path}.atS`, "whole seconds", atS);
    const forS = kind === "event" ? 0 : number(action.forS, `${path}.forS`, 1, lengthS);
    const signals =
      kind === "silence"
        ? list(action.signals, `${path}.signals`).map((s, k) => known(s, `${path}.signals[${k}]`))
        : [];
    switch (kind) {
      case "event":
        return {
          atS,
          forS,
          do: kind,
          event: text(action.event, `${path}.event`),
          detail: detail(action.detail, path),
        };
      case "silence":
        return { atS, forS, do: kind, signals };
      case "artefact":
        return { atS, forS, do: kind, artefact: choice(action.artefact, `${path}.artefact`, ARTEFACTS) };
      case "disconnect":
        break;
    }
    return { atS, forS, do: kind };
  });

  function known(value: unknown, path: string): string {
    const key = text(value, path);
    if (!findSignal(key)) throw new RefusedInput("SIGNAL_UNKNOWN", { at: `${file}: ${path}`, received: key });
    return key;
  }
  function detail(value: unknown, path: string): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw refuse(`${path}.detail`, "an object", value);
    return value as Record<string, unknown>;
  }

  if (typeof top.loop !== "boolean") throw refuse("loop", "true or false", top.loop);
  return {
    scenario: text(top.scenario, "scenario"),
    description: text(top.description, "description"),
    lengthS,
    loop: top.loop,
    keyFrames,
    actions,
    vitals: VITALS.filter((vital) => keyFrames.some((frame) => frame.vitals[vital] !== undefined)),
  };
}
