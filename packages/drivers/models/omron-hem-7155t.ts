import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Omron HEM-7155T. */
export default driver({
  key: "omron-hem-7155t",
  display: "Omron HEM-7155T",
  kind: "blood-pressure-cuff",
  identity: {
    manufacturer: /omron.*/i,
    model: /HEM-7155T.*/,
    name: /BLEsmart_0000056.*/i,
    services: ["1810"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a35", "gatt/2a36", "gatt/2a19", ...DEVICE_INFORMATION],
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
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
