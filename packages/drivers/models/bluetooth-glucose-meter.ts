import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model, ON_DEMAND } from "../driver.ts";
import glucoseMeter from "../types/glucose-meter.ts";

/** Any device of Bluetooth's Glucose Service: it keeps its records until they are asked for. */
export default model({
  key: "bluetooth-glucose-meter",
  display: "Blood glucose meter (Bluetooth profile)",
  of: glucoseMeter,
  identity: {
    services: ["1808"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a18", "gatt/2a34", "gatt/2a52", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_GLUCOSE", code: 528401 } },
  signals: {
    "carbohydrate-intake": ON_DEMAND,
  },
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
