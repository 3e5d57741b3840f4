import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothThermometer from "./bluetooth-thermometer.ts";

/** A&D UT-201BLE. */
export default model({
  key: "and-ut-201ble",
  display: "A&D UT-201BLE",
  of: bluetoothThermometer,
  identity: {
    manufacturer: /A&D.*/i,
    model: /UT-201BLE.*/,
    name: /A&D_UT-?201BLE.*/,
    services: ["1809"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
