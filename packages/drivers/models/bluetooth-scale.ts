import { model } from "../driver.ts";
import weighingScale from "../types/weighing-scale.ts";

/** Any device of Bluetooth's Weight Scale Service. */
export default model({
  key: "bluetooth-scale",
  display: "Weighing scale (Bluetooth profile)",
  of: weighingScale,
  identity: {
    services: ["181d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a9d", "gatt/2a19", "gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_SCALE", code: 528399 } },
  without: ["basal-metabolism", "body-fat", "body-impedance", "body-water", "muscle-mass"],
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
