import { driver, ON_DEMAND } from "../driver.ts";

/** An upper-arm or wrist cuff that somebody starts. */
export default driver({
  key: "blood-pressure-cuff",
  display: "Blood pressure cuff",
  signals: {
    "nibp-systolic": ON_DEMAND,
    "nibp-diastolic": ON_DEMAND,
    "nibp-mean": ON_DEMAND,
    "nibp-panel": ON_DEMAND,
    "pulse-rate-nibp": ON_DEMAND,
    "cuff-pressure": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
});
