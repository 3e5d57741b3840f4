import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Any device of Bluetooth's Glucose Service: it keeps its records until they are asked for. */
export default driver({
  key: "bluetooth-glucose-meter",
  display: "Blood glucose meter (Bluetooth profile)",
  kind: "glucose-meter",
  identity: {
    services: ["1808"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a18", "gatt/2a34", "gatt/2a52", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_GLUCOSE", code: 528401 } },
  signals: {
    "glucose-blood": ON_DEMAND,
    "glucose-blood-molar": ON_DEMAND,
    "carbohydrate-intake": ON_DEMAND,
    hba1c: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
