export {
  type Index,
  meanPressure,
  rox,
  shockIndex,
  type TimedIndex,
  type TimedIndexId,
  timedIndex,
} from "./indices.ts";
export { type Input, inputs, type Part, type Question, type Scored, score, scores } from "./score.ts";
