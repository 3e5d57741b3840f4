import { driver, ON_DEMAND } from "../driver.ts";

/** A strip meter: a drop of blood when somebody takes it. */
export default driver({
  key: "glucose-meter",
  display: "Blood glucose meter",
  signals: {
    "glucose-blood": ON_DEMAND,
    "glucose-blood-molar": ON_DEMAND,
    hba1c: ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
});
