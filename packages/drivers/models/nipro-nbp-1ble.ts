import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Nipro NBP-1BLE. */
export default driver({
  key: "nipro-nbp-1ble",
  display: "Nipro NBP-1BLE",
  kind: "blood-pressure-cuff",
  identity: {
    name: /NBP-1BLE.*/,
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
