import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
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
  codecs: ["gatt/2a18", "gatt/2a34", "gatt/2a52", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "glucose-blood": ON_DEMAND,
    "glucose-blood-molar": ON_DEMAND,
    "carbohydrate-intake": ON_DEMAND,
    hba1c: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
