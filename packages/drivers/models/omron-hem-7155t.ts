import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBloodPressure from "./bluetooth-blood-pressure.ts";

/** Omron HEM-7155T. */
export default model({
  key: "omron-hem-7155t",
  display: "Omron HEM-7155T",
  of: bluetoothBloodPressure,
  identity: {
    manufacturer: /omron.*/i,
    model: /HEM-7155T.*/,
    name: /BLEsmart_0000056.*/i,
    services: ["1810"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
