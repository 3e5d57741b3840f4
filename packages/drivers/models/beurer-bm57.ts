import { AS_CLIENTS_LOOK_FOR_IT, DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/** Beurer BM57. */
export default driver({
  key: "beurer-bm57",
  display: "Beurer BM57",
  kind: "blood-pressure-cuff",
  identity: {
    manufacturer: /beurer.*/i,
    model: /BM ?57/i,
    name: /(?:Beurer )?BM57.*/i,
    services: ["1810"],
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a35", "gatt/2a36", "gatt/2a19", ...DEVICE_INFORMATION],
  signals: {
    "nibp-systolic": ON_DEMAND,
    "nibp-diastolic": ON_DEMAND,
    "nibp-mean": ON_DEMAND,
    "pulse-rate-nibp": ON_DEMAND,
    "cuff-pressure": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: AS_CLIENTS_LOOK_FOR_IT,
});
