import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Any device of Bluetooth's Body Composition Service beside its Weight Scale Service. */
export default driver({
  key: "bluetooth-body-composition",
  display: "Body composition scale (Bluetooth profile)",
  kind: "weighing-scale",
  identity: {
    services: ["181b", "181d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a9d", "gatt/2a9c", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "body-weight": ON_DEMAND,
    bmi: ON_DEMAND,
    "body-fat": ON_DEMAND,
    "body-water": ON_DEMAND,
    "muscle-mass": ON_DEMAND,
    "basal-metabolism": ON_DEMAND,
    "body-impedance": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
