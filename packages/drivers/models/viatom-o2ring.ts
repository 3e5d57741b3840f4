import { driver, SECOND } from "../driver.ts";

/** Viatom O2Ring. */
export default driver({
  key: "viatom-o2ring",
  display: "Viatom O2Ring",
  kind: "pulse-oximeter",
  identity: {
    name: /O2Ring.*/,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    spo2: 5 * SECOND,
    "pulse-rate-spo2": 5 * SECOND,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "untested",
    source:
      "name as public clients look for it; its characteristic is not decoded, so that a gateway has to send readings",
  },
});
