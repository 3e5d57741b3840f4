import type { Random } from "@openward/runtime";
import { signal } from "@openward/signals";
import { gaussian, wander } from "./noise.ts";
import profiles from "./profiles.json" with { type: "json" };

/** What a scenario can set, each in its signal's own unit. */
export const VITALS = [
  "heart-rate",
  "spo2",
  "respiratory-rate",
  "nibp-systolic",
  "nibp-diastolic",
  "body-temperature",
  "etco2",
  "glucose-interstitial",
  "perfusion-index",
] as const;
export type Vital = (typeof VITALS)[number];
export type Vitals = Readonly<Record<Vital, number>>;
export type AgeKind = "adult" | "child" | "neonate";

export interface Profile {
  readonly baseline: Vitals;
  /** Standard deviation of sinus beats as a share of their mean. */
  readonly beatVariation: number;
  readonly ecgSize: number;
}

export function profileOf(age: AgeKind): Profile {
  return profiles[age];
}

/** The body's slow state, second by second. */
export interface Physiology {
  /** @param hour of the day, local, 0 to 24 */
  step(set: Readonly<Partial<Vitals>>, hour: number): Vitals;
}

/**
 * Vital signs about their set points: slow noise, the day's rhythm, and what pulls on what. A rise of blood pressure
 * slows the heart (baroreflex, about -0.35 /min per mm[Hg]); fever and lack of oxygen speed heart and breath
 * (8 /min per degree, after Liebermeister). A vital sign that the scenario sets is not pulled by fever and oxygen:
 * whoever wrote it has thought of that.
 *
 * @param variation 0 keeps the set points exactly; 1 is a resting person
 */
export function createPhysiology(random: Random, baseline: Vitals, variation: number): Physiology {
  const normal = gaussian(random);
  const pressure = wander(normal, 4 * variation, 150);
  const heart = wander(normal, 0.012 * variation, 90);
  const breath = wander(normal, 0.05 * variation, 60);
  const oxygen = wander(normal, 0.45 * variation, 45);
  const warmth = wander(normal, 0.06 * variation, 1800);
  const carbonDioxide = wander(normal, 0.8 * variation, 60);
  const sugar = wander(normal, 0.03 * variation, 1200);
  const blood = wander(normal, 0.08 * variation, 60);

  return {
    step(set, hour) {
      const day = (peak: number) => variation * Math.cos((2 * Math.PI * (hour - peak)) / 24);
      const want = (vital: Vital) => set[vital] ?? baseline[vital];
      const pressureNow = pressure(1) + 3 * day(16);
      const temperature = want("body-temperature") + warmth(1) + 0.2 * day(18);
      const spo2 = Math.min(100, want("spo2") + oxygen(1));
      const fever = Math.max(0, want("body-temperature") - baseline["body-temperature"]);
      const hypoxia = Math.max(0, 92 - want("spo2"));
      let heartRate = want("heart-rate") * (1 + heart(1) + 0.03 * day(15)) - 0.35 * pressureNow;
      let breaths = want("respiratory-rate") * (1 + breath(1));
      if (set["heart-rate"] === undefined) heartRate += 8 * fever + 0.9 * hypoxia;
      if (set["respiratory-rate"] === undefined) breaths += 1.5 * fever + 0.4 * hypoxia;
      return {
        "heart-rate": within("heart-rate", Math.max(15, heartRate)),
        spo2: within("spo2", spo2),
        "respiratory-rate": within("respiratory-rate", breaths),
        "nibp-systolic": within("nibp-systolic", want("nibp-systolic") + pressureNow),
        "nibp-diastolic": within("nibp-diastolic", want("nibp-diastolic") + 0.6 * pressureNow),
        "body-temperature": within("body-temperature", temperature),
        etco2: within("etco2", want("etco2") + carbonDioxide(1)),
        "glucose-interstitial": within("glucose-interstitial", want("glucose-interstitial") * (1 + sugar(1))),
        "perfusion-index": within("perfusion-index", want("perfusion-index") * Math.exp(blood(1))),
      };
    },
  };
}

const LIMITS = new Map(
  [...VITALS, "nibp-mean" as const].map((key) => {
    const { hardMin = -Infinity, hardMax = Infinity } = signal(key);
    return [key, { low: hardMin, high: hardMax }] as const;
  }),
);

/** Inside what the signal can be at all (packages/signals). */
export function within(vital: Vital | "nibp-mean", value: number): number {
  const { low, high } = LIMITS.get(vital)!;
  return Math.min(high, Math.max(low, value));
}
