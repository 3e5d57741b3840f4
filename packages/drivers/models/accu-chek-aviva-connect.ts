import { model } from "../driver.ts";
import bluetoothGlucoseMeter from "./bluetooth-glucose-meter.ts";

/** Accu-Chek Aviva Connect. */
export default model({
  key: "accu-chek-aviva-connect",
  display: "Accu-Chek Aviva Connect",
  of: bluetoothGlucoseMeter,
  identity: {
    manufacturer: /roche.*/i,
    model: /(?:483|484|497|498|499|500|502|685)/,
    name: /Accu-Chek.*/,
    services: ["1808"],
  },
  tested: {
    by: "vectors",
    source: "model numbers as public clients list them; decoded by the vectors of its characteristics",
  },
});
