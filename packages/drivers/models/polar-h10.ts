import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothHeartRate from "./bluetooth-heart-rate.ts";

/** Polar H10. */
export default model({
  key: "polar-h10",
  display: "Polar H10",
  of: bluetoothHeartRate,
  identity: {
    manufacturer: /polar.*/i,
    model: /H10/i,
    name: /Polar H10 .*/,
    services: ["180d"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
