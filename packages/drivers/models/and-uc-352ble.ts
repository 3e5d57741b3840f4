import { model } from "../driver.ts";
import bluetoothScale from "./bluetooth-scale.ts";

/** A&D UC-352BLE. */
export default model({
  key: "and-uc-352ble",
  display: "A&D UC-352BLE",
  of: bluetoothScale,
  identity: {
    manufacturer: /A&D.*/i,
    model: /UC-352BLE.*/,
    name: /A&D_UC-352BLE.*/,
    services: ["23434100-1fe4-1eff-80cb-00ff78297d8b"],
  },
  tested: {
    by: "untested",
    source:
      "service of the maker's own as public clients name it; its characteristic has the layout of Weight Measurement, which a gateway sends as gatt/2a9d",
  },
});
