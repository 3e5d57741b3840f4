import { model } from "../driver.ts";
import thermometer from "../types/thermometer.ts";

/** An agent of IEEE 11073-20601, as older devices of the home are (MDC_DEV_SPEC_PROFILE_TEMP). */
export default model({
  key: "agent-thermometer",
  display: "Thermometer (11073 agent)",
  of: thermometer,
  identity: {
    mds: [528392],
  },
  transports: ["bluetooth", "usb"],
  codecs: ["ieee11073/20601"],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_TEMP", code: 528392 } },
  without: ["battery-level", "temp-axillary", "temp-oral", "temp-rectal", "temp-tympanic"],
  clock: "own",
  tested: {
    by: "vectors",
    source: "ISO/IEEE 11073-20601 and the specialization; vectors of packages/codecs/ieee11073",
  },
});
