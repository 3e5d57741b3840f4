import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothThermometer from "./bluetooth-thermometer.ts";

/** Nipro NT-100B. */
export default model({
  key: "nipro-nt-100b",
  display: "Nipro NT-100B",
  of: bluetoothThermometer,
  identity: {
    name: /NT-100B.*/,
    services: ["1809"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
