import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model } from "../driver.ts";
import bloodPressureCuff from "../types/blood-pressure-cuff.ts";

/** Any device of Bluetooth's Blood Pressure Service. */
export default model({
  key: "bluetooth-blood-pressure",
  display: "Blood pressure cuff (Bluetooth profile)",
  of: bloodPressureCuff,
  identity: {
    services: ["1810"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a35", "gatt/2a36", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_BP", code: 528391 } },
  without: ["nibp-panel"],
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
