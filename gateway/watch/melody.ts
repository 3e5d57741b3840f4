import type { Melody } from "@openward/tones";

const MELODIES: readonly [RegExp, Melody][] = [
  [/^(infusion|insulin|pca)-/, "delivery"],
  [/^(spo2|sao2|fio2|oxygen)/, "oxygen"],
  [/^(resp|etco2|apnoea|airway|tidal|minute-volume|peep|vent)/, "ventilation"],
  [/^(heart|pulse|ecg|st-|nibp|abp|bp-|cvp|pap|rr-|qt)/, "cardiovascular"],
  [/^(body-temperature|temp)/, "temperature"],
];

/** What kind of trouble it is, by ear. */
export function melodyOf(signal: string | null): Melody {
  return MELODIES.find(([pattern]) => signal !== null && pattern.test(signal))?.[1] ?? "general";
}
