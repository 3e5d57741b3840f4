import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** A&D UA-651BLE. */
export default driver({
  key: "and-ua-651ble",
  display: "A&D UA-651BLE",
  kind: "blood-pressure-cuff",
  identity: {
    manufacturer: /A&D.*/i,
    model: /UA-651BLE.*/,
    name: /A&D_UA-651BLE.*/,
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
