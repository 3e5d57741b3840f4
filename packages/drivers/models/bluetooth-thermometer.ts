import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model } from "../driver.ts";
import thermometer from "../types/thermometer.ts";

/** Any device of Bluetooth's Health Thermometer Service. */
export default model({
  key: "bluetooth-thermometer",
  display: "Thermometer (Bluetooth profile)",
  of: thermometer,
  identity: {
    services: ["1809"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a1c", "gatt/2a1e", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_TEMP" } },
  clock: "own",
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
