import { model } from "../driver.ts";
import glucoseMeter from "../types/glucose-meter.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_GLUCOSE). */
export default model({
  key: "agent-glucose-meter",
  display: "Blood glucose meter (11073 agent)",
  of: glucoseMeter,
  identity: {
    mds: [528401],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_GLUCOSE", code: 528401 } },
  without: ["battery-level", "hba1c"],
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
