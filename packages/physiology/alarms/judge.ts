import { judgeAsystole } from "./asystole.ts";
import { judgeBradycardia } from "./bradycardia.ts";
import { createLead, type Lead } from "./lead.ts";
import { createPulseChannel, type PulseChannel } from "./pulse-channel.ts";
import { judgeTachycardia } from "./tachycardia.ts";
import { judgeFibrillation } from "./ventricular-fibrillation.ts";
import { judgeVentricularTachycardia } from "./ventricular-tachycardia.ts";

export type ArrhythmiaAlarm =
  | "asystole"
  | "extreme-bradycardia"
  | "extreme-tachycardia"
  | "ventricular-tachycardia"
  | "ventricular-fibrillation";

export type AlarmSignal = "ecg" | "pressure" | "plethysmogram" | "other";

/** What the signals say of an alarm that a monitor raised. */
export interface Verdict {
  readonly isTrue: boolean;
  /** What decided, in words; of an alarm that stands because nothing contradicts it, that. */
  readonly because: string;
}

/** All that is known when an alarm is judged. */
export interface Evidence {
  readonly leads: readonly Lead[];
  readonly pulses: readonly PulseChannel[];
  /** Seconds. */
  readonly raisedAt: number;
  readonly now: number;
}

export interface AlarmJudge {
  /** @param frame a sample of each signal: mV, mm[Hg], any; NaN where there is none */
  push(frame: ArrayLike<number>): void;
  /**
   * From what was pushed so far: as the alarm is raised, or again up to half a minute later, when more is known.
   * @param raisedAt seconds since the first sample
   */
  judge(alarm: ArrhythmiaAlarm, raisedAt: number): Verdict;
}

export interface AlarmJudgeOptions {
  /** 100 Hz at least. */
  readonly rateHz: number;
  readonly signals: readonly AlarmSignal[];
}

/**
 * Whether an arrhythmia alarm of a monitor is true, from all of its signals. One that is doubtful is true: to keep silent
 * about a true one costs a life. Definitions: PhysioNet/Computing in Cardiology Challenge 2015. Clifford GD et al. Physiol
 * Meas 2016;37:E5. Never silences anything by itself.
 */
export function createAlarmJudge({ rateHz, signals }: AlarmJudgeOptions): AlarmJudge {
  const channels = signals.map((signal) =>
    signal === "ecg" ? createLead(rateHz) : signal === "other" ? null : createPulseChannel(signal, rateHz),
  );
  const leads = channels.filter((channel): channel is Lead => channel !== null && "wave" in channel);
  const pulses = channels.filter((channel): channel is PulseChannel => channel !== null && "kind" in channel);
  let n = 0;
  return {
    push(frame) {
      for (let i = 0; i < channels.length; i++) channels[i]?.push(frame[i] as number);
      n++;
    },
    judge: (alarm, raisedAt) => JUDGES[alarm]({ leads, pulses, raisedAt, now: n / rateHz }),
  };
}

const JUDGES: Readonly<Record<ArrhythmiaAlarm, (evidence: Evidence) => Verdict>> = {
  asystole: judgeAsystole,
  "extreme-bradycardia": judgeBradycardia,
  "extreme-tachycardia": judgeTachycardia,
  "ventricular-tachycardia": judgeVentricularTachycardia,
  "ventricular-fibrillation": judgeFibrillation,
};
