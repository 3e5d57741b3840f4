export { type DelineateOptions, type Delineation, delineate, type Wave } from "./delineate.ts";
export { type Durations, durationsOf, qtcBazett, qtcFridericia, stLevels } from "./measures.ts";
export {
  createDelineationStream,
  type DelineatedBeat,
  type DelineationStream,
  type DelineationStreamOptions,
} from "./stream.ts";
