import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothBloodPressure from "./bluetooth-blood-pressure.ts";

/** Beurer BM57. */
export default model({
  key: "beurer-bm57",
  display: "Beurer BM57",
  of: bluetoothBloodPressure,
  identity: {
    manufacturer: /beurer.*/i,
    model: /BM ?57/i,
    name: /(?:Beurer )?BM57.*/i,
    services: ["1810"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
