import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Any device of Bluetooth's Health Thermometer Service. */
export default driver({
  key: "bluetooth-thermometer",
  display: "Thermometer (Bluetooth profile)",
  kind: "thermometer",
  identity: {
    services: ["1809"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a1c", "gatt/2a1e", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_TEMP" } },
  signals: {
    "body-temperature": ON_DEMAND,
    "temp-oral": ON_DEMAND,
    "temp-rectal": ON_DEMAND,
    "temp-axillary": ON_DEMAND,
    "temp-tympanic": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
