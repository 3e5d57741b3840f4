export { STRIP_FEATURES, STRIP_LEAST_S, stripFeatures } from "./features.ts";
export { type StripRhythm, stripByRule } from "./rule.ts";
