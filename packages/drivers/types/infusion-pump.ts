import { driver, SECOND } from "../driver.ts";

/** A volumetric, syringe or patient-controlled pump. Nothing here sends it a command. */
export default driver({
  key: "infusion-pump",
  display: "Infusion pump",
  signals: {
    "infusion-rate-current": 30 * SECOND,
    "infusion-volume-delivered": 30 * SECOND,
    "infusion-status": 30 * SECOND,
    "infusion-rate-setting": null,
    "infusion-vtbi": null,
    "infusion-vtbi-remaining": null,
    "infusion-volume-total": null,
    "infusion-drug-name": null,
    "infusion-drug-concentration": null,
    "infusion-dose-rate": null,
    "infusion-time-remaining": null,
    "pca-doses-given": null,
    "pca-doses-attempted": null,
    "battery-level": null,
  },
  offlineAfterMs: 60 * SECOND,
  clock: "own",
});
