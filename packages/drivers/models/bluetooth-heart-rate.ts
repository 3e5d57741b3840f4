import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, SECOND } from "../driver.ts";

/** Any device of Bluetooth's Heart Rate Service. It tells no time. */
export default driver({
  key: "bluetooth-heart-rate",
  display: "Heart rate strap (Bluetooth profile)",
  kind: "heart-rate-strap",
  identity: {
    services: ["180d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a37", "gatt/2a38", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_HF_CARDIO" } },
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
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
