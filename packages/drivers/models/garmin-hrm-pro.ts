import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothHeartRate from "./bluetooth-heart-rate.ts";

/** Garmin HRM-Pro. */
export default model({
  key: "garmin-hrm-pro",
  display: "Garmin HRM-Pro",
  of: bluetoothHeartRate,
  identity: {
    manufacturer: /garmin.*/i,
    name: /HRM-Pro.*/,
    services: ["180d"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
