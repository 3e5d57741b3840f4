import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBodyComposition from "./bluetooth-body-composition.ts";

/** Omron HBF-222T. */
export default model({
  key: "omron-hbf-222t",
  display: "Omron HBF-222T",
  of: bluetoothBodyComposition,
  identity: {
    manufacturer: /omron.*/i,
    model: /HBF-222T.*/,
    name: /BLEsmart_0001040.*/i,
    services: ["181d"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
