import { driver } from "../driver.ts";

/** Anything that speaks our formats. Its rhythm is not known: it is learned, and watched once a person confirms it. */
export default driver({
  key: "generic",
  display: "Generic device",
  signals: {},
  offlineAfterMs: null,
  clock: "own",
});
