import { model } from "../driver.ts";
import bluetoothCgm from "./bluetooth-cgm.ts";

/** Dexcom G5 transmitter. */
export default model({
  key: "dexcom-g5",
  display: "Dexcom G5 transmitter",
  of: bluetoothCgm,
  identity: {
    manufacturer: /dexcom.*/i,
    name: /Dexcom.{2}/,
    services: ["febc"],
  },
  codecs: ["dexcom/g5"],
  tested: {
    by: "captures",
    source: "frames captured from a Dexcom G5 transmitter are among the vectors of packages/codecs/dexcom",
  },
});
