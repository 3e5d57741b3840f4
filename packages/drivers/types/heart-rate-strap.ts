import { driver, SECOND } from "../driver.ts";

/** A strap or armband that streams the rate, and lies in a drawer between. */
export default driver({
  key: "heart-rate-strap",
  display: "Heart rate strap",
  signals: {
    "heart-rate": 5 * SECOND,
    "rr-interval": null,
    "energy-burned": null,
    "wear-state": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "none",
});
