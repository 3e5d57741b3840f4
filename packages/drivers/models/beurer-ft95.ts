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
  codecs: [
    "gatt/2a1c",
    "gatt/2a1e",
    "gatt/2a19",
    "gatt/2a24",
    "gatt/2a25",
    "gatt/2a26",
    "gatt/2a27",
    "gatt/2a28",
    "gatt/2a29",
  ],
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
  tested: {
    by: "vectors",
    source:
      "names and services as public clients of this model look for them; decoded by the vectors of its characteristics",
  },
});
