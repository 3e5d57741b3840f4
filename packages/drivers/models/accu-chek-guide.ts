import { model } from "../driver.ts";
import bluetoothGlucoseMeter from "./bluetooth-glucose-meter.ts";

/** Accu-Chek Guide. */
export default model({
  key: "accu-chek-guide",
  display: "Accu-Chek Guide",
  of: bluetoothGlucoseMeter,
  identity: {
    manufacturer: /roche.*/i,
    model: /9(?:12|22|23|25|26|29|30|32)/,
    services: ["1808"],
  },
  tested: {
    by: "vectors",
    source: "model numbers as public clients list them; decoded by the vectors of its characteristics",
  },
});
