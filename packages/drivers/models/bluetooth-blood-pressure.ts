import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Any device of Bluetooth's Blood Pressure Service. */
export default driver({
  key: "bluetooth-blood-pressure",
  display: "Blood pressure cuff (Bluetooth profile)",
  kind: "blood-pressure-cuff",
  identity: {
    services: ["1810"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a35", "gatt/2a36", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_BP", code: 528391 } },
  signals: {
    "nibp-systolic": ON_DEMAND,
    "nibp-diastolic": ON_DEMAND,
    "nibp-mean": ON_DEMAND,
    "pulse-rate-nibp": ON_DEMAND,
    "cuff-pressure": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
