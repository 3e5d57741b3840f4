import { driver, SECOND } from "../driver.ts";

/** Carbon dioxide at the airway: numerics with every breath, and the curve. */
export default driver({
  key: "capnograph",
  display: "Capnograph",
  signals: {
    etco2: 10 * SECOND,
    "inspired-co2": 10 * SECOND,
    "respiratory-rate-co2": 10 * SECOND,
    "co2-waveform": 2 * SECOND,
  },
  offlineAfterMs: 15 * SECOND,
  clock: "own",
});
