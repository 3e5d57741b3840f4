import { model } from "../driver.ts";
import spirometer from "../types/spirometer.ts";

/** MIR Smart One. */
export default model({
  key: "mir-smart-one",
  display: "MIR Smart One",
  of: spirometer,
  identity: {
    name: /SO-004-.*/,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  without: ["fev1-fvc", "fev6", "fvc"],
  tested: {
    by: "untested",
    source:
      "name as public clients look for it; its characteristic is not decoded, so that a gateway has to send readings",
  },
});
