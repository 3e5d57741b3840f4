import type { Task } from "../task.ts";
import { atrialFibrillation } from "./atrial-fibrillation.ts";
import { baseline } from "./baseline.ts";
import { beats } from "./beats.ts";
import { bidmc } from "./bidmc.ts";
import { delineation } from "./delineation.ts";
import { deterioration } from "./deterioration.ts";
import { falls } from "./falls.ts";
import { falseAlarms } from "./false-alarms.ts";
import { glucoseForecast } from "./glucose-forecast.ts";
import { glucoseLow } from "./glucose-low.ts";
import { glucoseMetricsTask } from "./glucose-metrics.ts";
import { hrv } from "./hrv.ts";
import { news2 } from "./news2.ts";
import { noise } from "./noise.ts";
import { qrs } from "./qrs.ts";
import { rhythm } from "./rhythm.ts";
import { steps } from "./steps.ts";
import { strip } from "./strip.ts";

/** A line each. */
export const tasks: readonly Task[] = [
  qrs,
  noise,
  beats,
  delineation,
  rhythm,
  hrv,
  bidmc,
  falseAlarms,
  news2,
  falls,
  steps,
  deterioration,
  glucoseMetricsTask,
  glucoseForecast,
  glucoseLow,
  baseline,
  atrialFibrillation,
  strip,
];
