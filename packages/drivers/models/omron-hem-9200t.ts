import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBloodPressure from "./bluetooth-blood-pressure.ts";

/** Omron HEM-9200T. */
export default model({
  key: "omron-hem-9200t",
  display: "Omron HEM-9200T",
  of: bluetoothBloodPressure,
  identity: {
    manufacturer: /omron.*/i,
    model: /HEM-9200T.*/,
    name: /BLEsmart_0000011.*/i,
    services: ["1810"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
