import { driver, MINUTE } from "../driver.ts";

/** An app that speaks Nightscout (xDrip+, AndroidAPS, Loop): a glucose value in five minutes, and what was given and eaten. */
export default driver({
  key: "nightscout-app",
  display: "App that speaks Nightscout",
  signals: {
    "glucose-interstitial": 5 * MINUTE,
    "glucose-trend": null,
    "glucose-blood": null,
    "glucose-blood-molar": null,
    "carbohydrate-intake": null,
    "insulin-bolus": null,
    "insulin-basal-rate-setting": null,
    "insulin-on-board": null,
    "insulin-reservoir": null,
    "pulse-rate": null,
  },
  offlineAfterMs: null,
  clock: "own",
});
