import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBloodPressure from "./bluetooth-blood-pressure.ts";

/** A&D UA-651BLE. */
export default model({
  key: "and-ua-651ble",
  display: "A&D UA-651BLE",
  of: bluetoothBloodPressure,
  identity: {
    manufacturer: /A&D.*/i,
    model: /UA-651BLE.*/,
    name: /A&D_UA-651BLE.*/,
    services: ["1810"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
