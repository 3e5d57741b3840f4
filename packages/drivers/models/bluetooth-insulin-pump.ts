import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver } from "../driver.ts";

/** Any device of Bluetooth's Insulin Delivery Service. What it would do is not asked of it. */
export default driver({
  key: "bluetooth-insulin-pump",
  display: "Insulin pump (Bluetooth profile)",
  kind: "insulin-pump",
  identity: {
    services: ["183a"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2b20", "gatt/2b21", "gatt/2b22", "gatt/2b23", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "insulin-reservoir": null,
    "insulin-concentration": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
