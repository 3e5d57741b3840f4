import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Omron HBF-222T. */
export default driver({
  key: "omron-hbf-222t",
  display: "Omron HBF-222T",
  kind: "weighing-scale",
  identity: {
    manufacturer: /omron.*/i,
    model: /HBF-222T.*/,
    name: /BLEsmart_0001040.*/i,
    services: ["181d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a9d", "gatt/2a9c", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "body-weight": ON_DEMAND,
    bmi: ON_DEMAND,
    "body-fat": ON_DEMAND,
    "body-water": ON_DEMAND,
    "muscle-mass": ON_DEMAND,
    "basal-metabolism": ON_DEMAND,
    "body-impedance": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
