export { type PlaceSpace, refuseWhenFull, type SpaceState, type SpaceWatch, watchSpace } from "./watch.ts";
