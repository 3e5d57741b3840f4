import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, SECOND } from "../driver.ts";

/** Wahoo TICKR. */
export default driver({
  key: "wahoo-tickr",
  display: "Wahoo TICKR",
  kind: "heart-rate-strap",
  identity: {
    name: /TICKR.*/i,
    services: ["180d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a37", "gatt/2a38", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "heart-rate": SECOND,
    "rr-interval": null,
    "energy-burned": null,
    "wear-state": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "none",
  tested: {
    by: "captures",
    source:
      "heart rate, body location and battery captured from a Wahoo TICKR are among the vectors of packages/codecs/gatt",
  },
});
