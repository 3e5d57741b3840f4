import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model } from "../driver.ts";
import cgm from "../types/cgm.ts";

/** Any device of Bluetooth's Continuous Glucose Monitoring Service. */
export default model({
  key: "bluetooth-cgm",
  display: "Continuous glucose monitor (Bluetooth profile)",
  of: cgm,
  identity: {
    services: ["181f"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2aa7", "gatt/2aa8", "gatt/2aa9", "gatt/2aaa", "gatt/2aab", "gatt/2a19", ...DEVICE_INFORMATION],
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
