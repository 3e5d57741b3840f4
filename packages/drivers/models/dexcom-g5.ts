import { driver, MINUTE } from "../driver.ts";

/** Dexcom G5 transmitter. */
export default driver({
  key: "dexcom-g5",
  display: "Dexcom G5 transmitter",
  kind: "cgm",
  identity: {
    manufacturer: /dexcom.*/i,
    name: /Dexcom.{2}/,
    services: ["febc"],
  },
  transports: ["bluetooth"],
  codecs: ["dexcom/g5"],
  signals: {
    "glucose-interstitial": 5 * MINUTE,
    "glucose-trend": 5 * MINUTE,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "captures",
    source: "frames captured from a Dexcom G5 transmitter are among the vectors of packages/codecs/dexcom",
  },
});
