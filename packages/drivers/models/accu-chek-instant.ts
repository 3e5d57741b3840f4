import { model } from "../driver.ts";
import bluetoothGlucoseMeter from "./bluetooth-glucose-meter.ts";

/** Accu-Chek Instant. */
export default model({
  key: "accu-chek-instant",
  display: "Accu-Chek Instant",
  of: bluetoothGlucoseMeter,
  identity: {
    manufacturer: /roche.*/i,
    model: /9(?:58|59|60|61|63|64|65|72|73|75|76|77|78|79|80)/,
    services: ["1808"],
  },
  tested: {
    by: "vectors",
    source: "model numbers as public clients list them; decoded by the vectors of its characteristics",
  },
});
