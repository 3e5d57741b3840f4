import { driver, ON_DEMAND } from "../driver.ts";

/** Nipro TRUE METRIX AIR. */
export default driver({
  key: "nipro-true-metrix-air",
  display: "Nipro TRUE METRIX AIR",
  kind: "glucose-meter",
  identity: {
    name: /NiproBGM.*/,
    services: ["1808"],
  },
  transports: ["bluetooth"],
  codecs: [
    "gatt/2a18",
    "gatt/2a34",
    "gatt/2a52",
    "gatt/2a19",
    "gatt/2a24",
    "gatt/2a25",
    "gatt/2a26",
    "gatt/2a27",
    "gatt/2a28",
    "gatt/2a29",
  ],
  signals: {
    "glucose-blood": ON_DEMAND,
    "glucose-blood-molar": ON_DEMAND,
    "carbohydrate-intake": ON_DEMAND,
    hba1c: ON_DEMAND,
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
