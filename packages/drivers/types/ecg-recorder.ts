import { driver, SECOND } from "../driver.ts";

/** A Holter or telemetry recorder that streams one to three leads. */
export default driver({
  key: "ecg-recorder",
  display: "ECG recorder",
  signals: {
    "ecg-unspecified": 5 * SECOND,
    "ecg-lead-i": 5 * SECOND,
    "ecg-lead-ii": 5 * SECOND,
    "ecg-lead-iii": 5 * SECOND,
    "ecg-lead-v1": 5 * SECOND,
    "ecg-lead-v2": 5 * SECOND,
    "ecg-lead-v3": 5 * SECOND,
    "ecg-lead-v4": 5 * SECOND,
    "ecg-lead-v5": 5 * SECOND,
    "ecg-lead-v6": 5 * SECOND,
    "heart-rate": 5 * SECOND,
    "rr-interval": 10 * SECOND,
    "battery-level": null,
  },
  offlineAfterMs: 30 * SECOND,
  clock: "own",
});
