import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, MINUTE } from "../driver.ts";

/** Any device of Bluetooth's Continuous Glucose Monitoring Service. */
export default driver({
  key: "bluetooth-cgm",
  display: "Continuous glucose monitor (Bluetooth profile)",
  kind: "cgm",
  identity: {
    services: ["181f"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2aa7", "gatt/2aa8", "gatt/2aa9", "gatt/2aaa", "gatt/2aab", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "glucose-interstitial": 5 * MINUTE,
    "glucose-trend": 5 * MINUTE,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
