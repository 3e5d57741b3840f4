import { model, SECOND } from "../driver.ts";
import bluetoothPulseOximeter from "./bluetooth-pulse-oximeter.ts";

/** Viatom O2Ring. */
export default model({
  key: "viatom-o2ring",
  display: "Viatom O2Ring",
  of: bluetoothPulseOximeter,
  identity: {
    name: /O2Ring.*/,
  },
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    spo2: 5 * SECOND,
    "pulse-rate-spo2": 5 * SECOND,
  },
  without: ["perfusion-index"],
  tested: {
    by: "untested",
    source:
      "name as public clients look for it; its characteristic is not decoded, so that a gateway has to send readings",
  },
});
