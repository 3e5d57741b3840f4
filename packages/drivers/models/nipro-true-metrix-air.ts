import { AS_CLIENTS_LOOK_FOR_IT } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bluetoothGlucoseMeter from "./bluetooth-glucose-meter.ts";

/** Nipro TRUE METRIX AIR. */
export default model({
  key: "nipro-true-metrix-air",
  display: "Nipro TRUE METRIX AIR",
  of: bluetoothGlucoseMeter,
  identity: {
    name: /NiproBGM.*/,
    services: ["1808"],
  },
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
