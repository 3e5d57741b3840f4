import type { Random } from "@openward/runtime";
import { seededRandom } from "@openward/runtime/manual";
import { type BeatInput, createEcg, type EcgLead } from "./ecg.ts";
import { createRateMeter } from "./meter.ts";
import { episodes, gaussian, wander } from "./noise.ts";
import { createPulseWave } from "./pulse.ts";
import { createRespiration } from "./respiration.ts";
import { createTachogram, type Rhythm } from "./rhythm.ts";
import { type AgeKind, createPhysiology, profileOf, type Vitals, within } from "./vitals.ts";

/** How each waveform is sampled: value = sample x scale + origin, in `unit`. */
export const WAVEFORMS = {
  "ecg-lead-ii": { rateHz: 250, scale: 0.005, origin: 0, unit: "mV" },
  "ecg-lead-v5": { rateHz: 250, scale: 0.005, origin: 0, unit: "mV" },
  pleth: { rateHz: 125, scale: 0.001, origin: 0, unit: "1" },
  "resp-waveform": { rateHz: 50, scale: 0.001, origin: 0, unit: "Ohm" },
} as const;
export type WaveformSignal = keyof typeof WAVEFORMS;

export type Artefact = "motion" | "lead-off" | "pleth-dropout" | "baseline-wander";

export interface PatientOptions {
  readonly seed: number;
  readonly age?: AgeKind;
  /** Departures from the age's resting values. */
  readonly baseline?: Partial<Vitals>;
  /** 0: set points are kept exactly and beats are even; 1: a resting person. */
  readonly variation?: number;
  /** 0: none; 1: a dozen bursts of motion an hour, now and then an electrode or a finger. */
  readonly artefacts?: number;
  /** Lead II always; V5 where it is asked for. */
  readonly withV5?: boolean;
}

export interface SecondInput {
  /** Start of this second, ms UTC. */
  readonly at: number;
  readonly utcOffsetMinutes?: number;
  readonly rhythm?: Rhythm;
  /** Set points of the scenario; what is left out rests at the patient's baseline. */
  readonly set?: Readonly<Partial<Vitals>>;
  readonly artefacts?: ReadonlySet<Artefact>;
}

/** One second of a patient, as instruments see it; null where a sensor is off or nothing can be measured yet. */
export interface Second {
  readonly at: number;
  readonly values: Readonly<Record<MeasuredSignal, number | null>>;
  readonly waveforms: Readonly<Record<WaveformSignal, Int16Array | null>>;
}

export type MeasuredSignal = keyof Vitals | "pulse-rate-spo2" | "nibp-mean";

export interface SimulatedPatient {
  /** Live one second. The same seed and the same inputs give the same seconds. */
  step(input: SecondInput): Second;
}

const ECG_HZ = WAVEFORMS["ecg-lead-ii"].rateHz;
const PLETH_EVERY = ECG_HZ / WAVEFORMS.pleth.rateHz;
const RESP_EVERY = ECG_HZ / WAVEFORMS["resp-waveform"].rateHz;

/** A patient whose ECG, pulse, breath and vital signs come from one heart and one pair of lungs. */
export function createPatient(options: PatientOptions): SimulatedPatient {
  const { seed, age = "adult", variation = 1, artefacts = 1 } = options;
  const profile = profileOf(age);
  // Each part has its own numbers, so that a change in one leaves the others as they were.
  const part = (salt: number): Random => seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b));
  const leads: readonly EcgLead[] = options.withV5 ? ["ecg-lead-ii", "ecg-lead-v5"] : ["ecg-lead-ii"];
  const physiology = createPhysiology(part(1), { ...profile.baseline, ...options.baseline }, variation);
  const respiration = createRespiration(part(2), variation);
  const tachogram = createTachogram(part(3), profile.beatVariation * variation);
  const ecg = createEcg({ random: part(4), tachogram, leads, rateHz: ECG_HZ, size: profile.ecgSize });
  const pulse = createPulseWave(part(5));
  const noise = gaussian(part(6));
  const cuff = gaussian(part(7));
  const motion = episodes(part(8), 12 * artefacts, 3, 8);
  const leadOff = episodes(part(9), 0.3 * artefacts, 6, 15);
  const fingerOff = episodes(part(10), 4 * artefacts, 3, 6);
  const swayEpisodes = episodes(part(11), 8 * artefacts, 10, 30);
  const shake = wander(gaussian(part(12)), 0.35, 0.08);
  const drift = wander(gaussian(part(13)), 0.04, 4);
  const heartMeter = createRateMeter();
  const pulseMeter = createRateMeter();
  const potentials = new Float64Array(leads.length);
  let elapsed = 0;

  return {
    step({ at, utcOffsetMinutes = 0, rhythm = "sinus", set = {}, artefacts: forced }) {
      const hour = (((at / 3_600_000 + utcOffsetMinutes / 60) % 24) + 24) % 24;
      const body = physiology.step(set, hour);
      const isMoving = motion.step(1) || (forced?.has("motion") ?? false);
      const isLeadOff = leadOff.step(1) || (forced?.has("lead-off") ?? false);
      const isFingerOff = fingerOff.step(1) || (forced?.has("pleth-dropout") ?? false);
      const sways = swayEpisodes.step(1) || (forced?.has("baseline-wander") ?? false);
      const perfusion = Math.min(1.2, 0.55 + 0.1 * body["perfusion-index"]);

      const leadII = new Int16Array(ECG_HZ);
      const leadV5 = options.withV5 ? new Int16Array(ECG_HZ) : null;
      const pleth = new Int16Array(ECG_HZ / PLETH_EVERY);
      const resp = new Int16Array(ECG_HZ / RESP_EVERY);
      const beat: { -readonly [K in keyof BeatInput]: BeatInput[K] } = {
        rhythm,
        heartRate: body["heart-rate"],
        lungVolume: 0,
      };
      for (let i = 0; i < ECG_HZ; i++) {
        const lung = respiration.step(1 / ECG_HZ, body["respiratory-rate"]);
        beat.lungVolume = lung;
        ecg.step(beat, potentials);
        for (const one of ecg.takeBeats()) {
          heartMeter.beat(one.atS);
          pulse.beat(one, perfusion);
        }
        const jolt = isMoving ? shake(1 / ECG_HZ) : 0;
        const slow = drift(1 / ECG_HZ) * (sways ? 8 : 1);
        leadII[i] = toSample(potentials[0]! + slow + jolt + 0.008 * noise(), 0.005, 5);
        if (leadV5) leadV5[i] = toSample(potentials[1]! + 0.8 * slow + 0.7 * jolt + 0.008 * noise(), 0.005, 5);
        if (i % PLETH_EVERY === 0) {
          const wave = pulse.at(elapsed + i / ECG_HZ, lung);
          const seen = isFingerOff ? 0.05 + 0.004 * noise() : wave + 0.4 * jolt + 0.004 * noise();
          pleth[i / PLETH_EVERY] = toSample(Math.max(0, seen), 0.001, 1.5);
        }
        if (i % RESP_EVERY === 0) {
          resp[i / RESP_EVERY] = toSample(0.9 * lung + 1.2 * jolt + 0.012 * noise(), 0.001, 5);
        }
      }
      elapsed += 1;
      for (const arrived of pulse.takePulses()) pulseMeter.beat(arrived);

      const systolic = within("nibp-systolic", Math.round(body["nibp-systolic"] + 2 * variation * cuff()));
      const measured = Math.round(body["nibp-diastolic"] + 2 * variation * cuff());
      const diastolic = within("nibp-diastolic", Math.min(systolic - 10, measured));
      const heartRate = heartMeter.rate(elapsed);
      const pulseRate = pulseMeter.rate(elapsed);
      const breaths = respiration.measuredRate();
      return {
        at,
        values: {
          "heart-rate": isLeadOff || heartRate === null ? null : Math.round(heartRate),
          "pulse-rate-spo2": isFingerOff || pulseRate === null ? null : Math.round(pulseRate),
          spo2: isFingerOff ? null : Math.round(Math.max(0, body.spo2 - (isMoving ? 1.5 : 0))),
          "respiratory-rate": isLeadOff || breaths === null ? null : within("respiratory-rate", Math.round(breaths)),
          "nibp-systolic": systolic,
          "nibp-diastolic": diastolic,
          "nibp-mean": within("nibp-mean", Math.round(diastolic + (systolic - diastolic) / 3)),
          "body-temperature": Math.round(body["body-temperature"] * 10) / 10,
          etco2: Math.round(body.etco2),
          "glucose-interstitial": Math.round(body["glucose-interstitial"]),
          "perfusion-index": isFingerOff ? null : Math.round(body["perfusion-index"] * 10) / 10,
        },
        waveforms: {
          "ecg-lead-ii": isLeadOff ? null : leadII,
          "ecg-lead-v5": isLeadOff ? null : leadV5,
          pleth,
          "resp-waveform": isLeadOff ? null : resp,
        },
      };
    },
  };
}

/** The amplifier saturates at `limit`, in the waveform's unit. */
function toSample(value: number, scale: number, limit: number): number {
  return Math.round(Math.min(limit, Math.max(-limit, value)) / scale);
}
