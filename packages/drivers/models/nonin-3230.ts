import { model } from "../driver.ts";
import bluetoothPulseOximeter from "./bluetooth-pulse-oximeter.ts";

/** Nonin 3230. */
export default model({
  key: "nonin-3230",
  display: "Nonin 3230",
  of: bluetoothPulseOximeter,
  identity: {
    manufacturer: /nonin.*/i,
    model: /3230/,
    name: /Nonin3230.*/,
    services: ["46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"],
  },
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  tested: {
    by: "untested",
    source:
      "service of the maker's own as public clients name it; that characteristic is not decoded, so that a gateway has to send readings",
  },
});
