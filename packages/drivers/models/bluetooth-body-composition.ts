import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model } from "../driver.ts";
import weighingScale from "../types/weighing-scale.ts";

/** Any device of Bluetooth's Body Composition Service beside its Weight Scale Service. */
export default model({
  key: "bluetooth-body-composition",
  display: "Body composition scale (Bluetooth profile)",
  of: weighingScale,
  identity: {
    services: ["181b", "181d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a9d", "gatt/2a9c", "gatt/2a19", ...DEVICE_INFORMATION],
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
