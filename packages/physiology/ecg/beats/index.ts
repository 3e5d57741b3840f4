export { type BeatClass, classBy } from "./classes.ts";
export { BEAT_FEATURES } from "./features.ts";
export { type BeatStream, type BeatStreamOptions, type ClassifiedBeat, createBeatStream } from "./stream.ts";
