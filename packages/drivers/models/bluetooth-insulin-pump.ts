import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model } from "../driver.ts";
import insulinPump from "../types/insulin-pump.ts";

/** Any device of Bluetooth's Insulin Delivery Service. What it would do is not asked of it. */
export default model({
  key: "bluetooth-insulin-pump",
  display: "Insulin pump (Bluetooth profile)",
  of: insulinPump,
  identity: {
    services: ["183a"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2b20", "gatt/2b21", "gatt/2b22", "gatt/2b23", "gatt/2a19", ...DEVICE_INFORMATION],
  without: ["insulin-basal-rate", "insulin-basal-rate-setting", "insulin-bolus", "insulin-on-board"],
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
