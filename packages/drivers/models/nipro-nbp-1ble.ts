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
  codecs: [
    "gatt/2a35",
    "gatt/2a36",
    "gatt/2a19",
    "gatt/2a24",
    "gatt/2a25",
    "gatt/2a26",
    "gatt/2a27",
    "gatt/2a28",
    "gatt/2a29",
  ],
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
    source:
      "names and services as public clients of this model look for them; decoded by the vectors of its characteristics",
  },
});
