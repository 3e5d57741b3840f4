import { driver, ON_DEMAND } from "../driver.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_SCALE). */
export default driver({
  key: "agent-scale",
  display: "Weighing scale (11073 agent)",
  kind: "weighing-scale",
  identity: {
    mds: [528399],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_SCALE", code: 528399 } },
  signals: {
    "body-weight": ON_DEMAND,
    bmi: ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
