import { driver, MINUTE } from "../driver.ts";

/** A pump, or the server of its maker, that reports by IHE PCD-01. */
export default driver({
  key: "pcd01-syringe-pump",
  display: "Syringe pump (IHE PCD-01)",
  kind: "infusion-pump",
  identity: {
    mds: [70053],
  },
  transports: ["mllp"],
  codecs: ["hl7v2/pcd01"],
  containment: {
    mds: { refId: "MDC_DEV_PUMP_INFUS_SYRINGE_MDS", code: 70053 },
    channels: [
      {
        vmd: { refId: "MDC_DEV_PUMP_INFUS_SYRINGE_VMD", code: 70054 },
        channel: { refId: "MDC_DEV_PUMP_INFUS_CHAN_DELIVERY", code: 70067 },
        signals: ["infusion-rate-current", "infusion-status"],
      },
    ],
  },
  signals: {
    "infusion-rate-current": MINUTE,
    "infusion-status": MINUTE,
    "infusion-volume-delivered": null,
    "infusion-rate-setting": null,
    "infusion-vtbi": null,
    "infusion-vtbi-remaining": null,
    "infusion-drug-name": null,
    "infusion-drug-concentration": null,
    "infusion-dose-rate": null,
    "infusion-time-remaining": null,
  },
  offlineAfterMs: 5 * MINUTE,
  clock: "own",
  tested: { by: "untested", source: "IHE PCD-01 and terms of its published messages; the codec comes with MLLP" },
});
