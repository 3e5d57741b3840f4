import { driver, SECOND } from "../driver.ts";

/** A ventilator at the bed: settings beside what is measured. */
export default driver({
  key: "ventilator",
  display: "Ventilator",
  signals: {
    peep: SECOND,
    fio2: SECOND,
    "tidal-volume": SECOND,
    "minute-volume": SECOND,
    "vent-rate": SECOND,
    "airway-pressure-peak": SECOND,
    "peep-setting": null,
    "fio2-setting": null,
    "tidal-volume-setting": null,
    "vent-rate-setting": null,
  },
  offlineAfterMs: 15 * SECOND,
  clock: "own",
});
