import { driver, MINUTE } from "../driver.ts";

/** A continuous glucose monitor: one value in five minutes, often by way of a telephone that comes and goes. */
export default driver({
  key: "cgm",
  display: "Continuous glucose monitor",
  signals: {
    "glucose-interstitial": 5 * MINUTE,
    "glucose-trend": 5 * MINUTE,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
});
