import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothThermometer from "./bluetooth-thermometer.ts";

/** Beurer FT95. */
export default model({
  key: "beurer-ft95",
  display: "Beurer FT95",
  of: bluetoothThermometer,
  identity: {
    manufacturer: /beurer.*/i,
    model: /FT ?95/i,
    name: /(?:Beurer )?FT95.*/i,
    services: ["1809"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
