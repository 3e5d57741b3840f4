import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Accu-Chek Instant. */
export default driver({
  key: "accu-chek-instant",
  display: "Accu-Chek Instant",
  kind: "glucose-meter",
  identity: {
    manufacturer: /roche.*/i,
    model: /9(?:58|59|60|61|63|64|65|72|73|75|76|77|78|79|80)/,
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
  tested: {
    by: "vectors",
    source: "model numbers as public clients list them; decoded by the vectors of its characteristics",
  },
});
