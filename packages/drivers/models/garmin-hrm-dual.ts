import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, SECOND } from "../driver.ts";

/** Garmin HRM-Dual. */
export default driver({
  key: "garmin-hrm-dual",
  display: "Garmin HRM-Dual",
  kind: "heart-rate-strap",
  identity: {
    manufacturer: /garmin.*/i,
    name: /HRM-Dual.*/,
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
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
