import { driver, ON_DEMAND } from "../driver.ts";

/** A thermometer that somebody holds to a patient. */
export default driver({
  key: "thermometer",
  display: "Thermometer",
  signals: {
    "body-temperature": ON_DEMAND,
    "temp-oral": ON_DEMAND,
    "temp-rectal": ON_DEMAND,
    "temp-axillary": ON_DEMAND,
    "temp-tympanic": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "none",
});
