import { model } from "../driver.ts";
import bluetoothPulseOximeter from "./bluetooth-pulse-oximeter.ts";

/** Masimo MightySat. */
export default model({
  key: "masimo-mightysat",
  display: "Masimo MightySat",
  of: bluetoothPulseOximeter,
  identity: {
    manufacturer: /masimo.*/i,
    model: /MightySat.*/i,
    name: /MightySat.*/i,
  },
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  tested: {
    by: "untested",
    source:
      "name as public clients look for it; its characteristic is not decoded, so that a gateway has to send readings",
  },
});
