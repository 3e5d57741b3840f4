import { model, ON_DEMAND } from "../driver.ts";
import pulseOximeter from "../types/pulse-oximeter.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_PULS_OXIM). */
export default model({
  key: "agent-pulse-oximeter",
  display: "Pulse oximeter (11073 agent)",
  of: pulseOximeter,
  identity: {
    mds: [528388],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_PULS_OXIM", code: 528388 } },
  signals: {
    spo2: ON_DEMAND,
    "pulse-rate-spo2": ON_DEMAND,
    "perfusion-index": ON_DEMAND,
  },
  without: ["pleth", "pulse-rate"],
  offlineAfterMs: null,
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
