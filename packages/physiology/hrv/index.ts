export { type FrequencyDomain, frequencyDomain } from "./frequency-domain.ts";
export { coverage, type Intervals, type NormalIntervals, normalIntervals, type Rejected, within } from "./intervals.ts";
export { type NonLinear, nonLinear } from "./non-linear.ts";
export { segments, type TimeDomain, timeDomain } from "./time-domain.ts";
