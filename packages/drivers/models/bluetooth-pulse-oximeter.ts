import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model, ON_DEMAND } from "../driver.ts";
import pulseOximeter from "../types/pulse-oximeter.ts";

/** Any device of Bluetooth's Pulse Oximeter Service: spot checks, or a stream while a finger is in it. */
export default model({
  key: "bluetooth-pulse-oximeter",
  display: "Pulse oximeter (Bluetooth profile)",
  of: pulseOximeter,
  identity: {
    services: ["1822"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a5e", "gatt/2a5f", "gatt/2a19", ...DEVICE_INFORMATION],
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
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
