import { driver, HOUR, MINUTE } from "../driver.ts";

/** A pendant or watch with an emergency button. It says little, so that it is there at all must be watched. */
export default driver({
  key: "sos-pendant",
  display: "SOS pendant",
  signals: {
    "battery-level": 12 * HOUR,
    "location-latitude": null,
    "location-longitude": null,
    "wear-state": null,
    steps: null,
  },
  offlineAfterMs: 2 * MINUTE,
  unheardAfterMs: 30 * MINUTE,
  clock: "own",
});
