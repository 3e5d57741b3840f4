import { driver, SECOND } from "../driver.ts";

/** A continuous pulse oximeter on a finger, toe or ear. */
export default driver({
  key: "pulse-oximeter",
  display: "Pulse oximeter",
  signals: {
    spo2: SECOND,
    "pulse-rate": SECOND,
    "pulse-rate-spo2": SECOND,
    "perfusion-index": SECOND,
    pleth: 2 * SECOND,
    "battery-level": null,
  },
  offlineAfterMs: 15 * SECOND,
  clock: "own",
});
