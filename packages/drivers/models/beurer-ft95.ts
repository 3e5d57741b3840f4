import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Beurer FT95. */
export default driver({
  key: "beurer-ft95",
  display: "Beurer FT95",
  kind: "thermometer",
  identity: {
    manufacturer: /beurer.*/i,
    model: /FT ?95/i,
    name: /(?:Beurer )?FT95.*/i,
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
