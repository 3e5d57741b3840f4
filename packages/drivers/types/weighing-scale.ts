import { driver, ON_DEMAND } from "../driver.ts";

/** A scale that a patient steps on, with body composition where it measures that. */
export default driver({
  key: "weighing-scale",
  display: "Weighing scale",
  signals: {
    "body-weight": ON_DEMAND,
    "body-fat": ON_DEMAND,
    "body-water": ON_DEMAND,
    "muscle-mass": ON_DEMAND,
    "basal-metabolism": ON_DEMAND,
    "body-impedance": ON_DEMAND,
    bmi: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
});
