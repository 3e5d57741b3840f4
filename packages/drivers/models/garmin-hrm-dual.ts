import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothHeartRate from "./bluetooth-heart-rate.ts";

/** Garmin HRM-Dual. */
export default model({
  key: "garmin-hrm-dual",
  display: "Garmin HRM-Dual",
  of: bluetoothHeartRate,
  identity: {
    manufacturer: /garmin.*/i,
    name: /HRM-Dual.*/,
    services: ["180d"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
