export {
  type DeteriorationIndex,
  type DeteriorationModel,
  deteriorationIndex,
} from "./deterioration-index.ts";
export { type About, featureNames, type Scope, signalOf } from "./features.ts";
export { type DeteriorationInput, deteriorationInputs } from "./inputs.ts";
export { type Explained, explain, logOdds, type Predict, recalibrated, type Share } from "./shares.ts";
export { createDeterioration, type Deterioration, type InputState } from "./stream.ts";
