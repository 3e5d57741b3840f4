import { driver, HOUR, MINUTE, SECOND } from "../driver.ts";

/** A patch on the chest that sends through a gateway, every few seconds and with short interruptions. */
export default driver({
  key: "wearable-patch",
  display: "Wearable patch",
  signals: {
    "heart-rate": 5 * SECOND,
    "respiratory-rate": 15 * SECOND,
    "respiratory-rate-impedance": 15 * SECOND,
    spo2: 15 * SECOND,
    "temp-skin": MINUTE,
    "body-temperature": MINUTE,
    "ecg-unspecified": 5 * SECOND,
    "ecg-lead-ii": 5 * SECOND,
    "rr-interval": 10 * SECOND,
    "hrv-sdnn": null,
    "hrv-rmssd": null,
    steps: null,
    activity: null,
    "wear-state": null,
    "battery-level": 6 * HOUR,
  },
  offlineAfterMs: 30 * SECOND,
  clock: "own",
});
