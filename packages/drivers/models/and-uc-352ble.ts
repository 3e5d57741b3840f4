import { driver, ON_DEMAND } from "../driver.ts";

/** A&D UC-352BLE. */
export default driver({
  key: "and-uc-352ble",
  display: "A&D UC-352BLE",
  kind: "weighing-scale",
  identity: {
    manufacturer: /A&D.*/i,
    model: /UC-352BLE.*/,
    name: /A&D_UC-352BLE.*/,
    services: ["23434100-1fe4-1eff-80cb-00ff78297d8b"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a9d", "gatt/2a19", "gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    "body-weight": ON_DEMAND,
    bmi: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "untested",
    source:
      "service of the maker's own as public clients name it; its characteristic has the layout of Weight Measurement, which a gateway sends as gatt/2a9d",
  },
});
