import { driver } from "../driver.ts";

/** A band or watch of daily life: it synchronises when its telephone is near. */
export default driver({
  key: "activity-band",
  display: "Activity band",
  signals: {
    "heart-rate": null,
    "heart-rate-resting": null,
    steps: null,
    distance: null,
    "energy-burned": null,
    "sleep-duration": null,
    "sleep-stage": null,
    "wear-state": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
});
