import { driver, ON_DEMAND } from "../driver.ts";

/** MIR Smart One. */
export default driver({
  key: "mir-smart-one",
  display: "MIR Smart One",
  kind: "spirometer",
  identity: {
    name: /SO-004-.*/,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    "peak-expiratory-flow": ON_DEMAND,
    fev1: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "untested",
    source:
      "name as public clients look for it; its characteristic is not decoded, so that a gateway has to send readings",
  },
});
