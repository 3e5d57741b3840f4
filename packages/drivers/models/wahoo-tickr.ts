import { model } from "../driver.ts";
import bluetoothHeartRate from "./bluetooth-heart-rate.ts";

/** Wahoo TICKR. */
export default model({
  key: "wahoo-tickr",
  display: "Wahoo TICKR",
  of: bluetoothHeartRate,
  identity: {
    name: /TICKR.*/i,
    services: ["180d"],
  },
  tested: {
    by: "captures",
    source:
      "heart rate, body location and battery captured from a Wahoo TICKR are among the vectors of packages/codecs/gatt",
  },
});
