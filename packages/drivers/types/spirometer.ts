import { driver, ON_DEMAND } from "../driver.ts";

/** A spirometer or peak flow meter, blown into when asked. */
export default driver({
  key: "spirometer",
  display: "Spirometer",
  signals: {
    fev1: ON_DEMAND,
    fvc: ON_DEMAND,
    "fev1-fvc": ON_DEMAND,
    fev6: ON_DEMAND,
    "peak-expiratory-flow": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
});
