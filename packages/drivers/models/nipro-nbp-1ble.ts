import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBloodPressure from "./bluetooth-blood-pressure.ts";

/** Nipro NBP-1BLE. */
export default model({
  key: "nipro-nbp-1ble",
  display: "Nipro NBP-1BLE",
  of: bluetoothBloodPressure,
  identity: {
    name: /NBP-1BLE.*/,
    services: ["1810"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
