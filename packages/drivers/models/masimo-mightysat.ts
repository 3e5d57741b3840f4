import { driver, ON_DEMAND } from "../driver.ts";

/** Masimo MightySat. */
export default driver({
  key: "masimo-mightysat",
  display: "Masimo MightySat",
  kind: "pulse-oximeter",
  identity: {
    manufacturer: /masimo.*/i,
    model: /MightySat.*/i,
    name: /MightySat.*/i,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    spo2: ON_DEMAND,
    "pulse-rate-spo2": ON_DEMAND,
    "perfusion-index": ON_DEMAND,
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
