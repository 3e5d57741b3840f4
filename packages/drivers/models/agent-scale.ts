import { model } from "../driver.ts";
import weighingScale from "../types/weighing-scale.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_SCALE). */
export default model({
  key: "agent-scale",
  display: "Weighing scale (11073 agent)",
  of: weighingScale,
  identity: {
    mds: [528399],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_SCALE", code: 528399 } },
  without: ["basal-metabolism", "battery-level", "body-fat", "body-impedance", "body-water", "muscle-mass"],
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
