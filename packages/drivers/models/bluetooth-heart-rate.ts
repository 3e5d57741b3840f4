import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { model, SECOND } from "../driver.ts";
import heartRateStrap from "../types/heart-rate-strap.ts";

/** Any device of Bluetooth's Heart Rate Service. It tells no time. */
export default model({
  key: "bluetooth-heart-rate",
  display: "Heart rate strap (Bluetooth profile)",
  of: heartRateStrap,
  identity: {
    services: ["180d"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a37", "gatt/2a38", "gatt/2a19", ...DEVICE_INFORMATION],
  containment: { mds: { refId: "MDC_DEV_SPEC_PROFILE_HF_CARDIO" } },
  signals: {
    "heart-rate": SECOND,
  },
  tested: {
    by: "vectors",
    source: "Bluetooth SIG assigned numbers and service specification; vectors of packages/codecs/gatt",
  },
});
