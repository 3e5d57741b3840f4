import { driver, ON_DEMAND } from "../driver.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_TEMP). */
export default driver({
  key: "agent-thermometer",
  display: "Thermometer (11073 agent)",
  kind: "thermometer",
  identity: {
    mds: [528392],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_TEMP", code: 528392 } },
  signals: {
    "body-temperature": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
