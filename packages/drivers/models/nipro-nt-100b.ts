import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Nipro NT-100B. */
export default driver({
  key: "nipro-nt-100b",
  display: "Nipro NT-100B",
  kind: "thermometer",
  identity: {
    name: /NT-100B.*/,
    services: ["1809"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a1c", "gatt/2a1e", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "body-temperature": ON_DEMAND,
    "temp-oral": ON_DEMAND,
    "temp-rectal": ON_DEMAND,
    "temp-axillary": ON_DEMAND,
    "temp-tympanic": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
