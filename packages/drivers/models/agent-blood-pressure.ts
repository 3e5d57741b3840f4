import { model } from "../driver.ts";
import bloodPressureCuff from "../types/blood-pressure-cuff.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_BP). */
export default model({
  key: "agent-blood-pressure",
  display: "Blood pressure cuff (11073 agent)",
  of: bloodPressureCuff,
  identity: {
    mds: [528391],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_BP", code: 528391 } },
  without: ["battery-level", "cuff-pressure", "nibp-panel"],
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
