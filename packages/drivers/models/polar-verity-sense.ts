import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothHeartRate from "./bluetooth-heart-rate.ts";

/** Polar Verity Sense. */
export default model({
  key: "polar-verity-sense",
  display: "Polar Verity Sense",
  of: bluetoothHeartRate,
  identity: {
    manufacturer: /polar.*/i,
    name: /Polar Sense .*/,
    services: ["180d"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
