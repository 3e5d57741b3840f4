export {
  type AlarmJudge,
  type AlarmJudgeOptions,
  type AlarmSignal,
  type ArrhythmiaAlarm,
  createAlarmJudge,
  type Verdict,
} from "./judge.ts";
