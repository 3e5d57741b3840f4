import { driver } from "../driver.ts";

/** An insulin pump on the body, often by way of a telephone that comes and goes. */
export default driver({
  key: "insulin-pump",
  display: "Insulin pump",
  signals: {
    "insulin-basal-rate": null,
    "insulin-basal-rate-setting": null,
    "insulin-bolus": null,
    "insulin-on-board": null,
    "insulin-reservoir": null,
    "insulin-concentration": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "own",
});
