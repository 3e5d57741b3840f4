import { driver, MINUTE } from "../driver.ts";

/** A pump, or the server of its maker, that reports by IHE PCD-01. */
export default driver({
  key: "pcd01-volumetric-pump",
  display: "Volumetric infusion pump (IHE PCD-01)",
  kind: "infusion-pump",
  identity: {
    mds: [70049],
  },
  transports: ["mllp"],
  codecs: ["hl7v2/pcd01"],
  containment: {
    mds: { refId: "MDC_DEV_PUMP_INFUS_LVP_MDS", code: 70049 },
    channels: [
      {
        vmd: { refId: "MDC_DEV_PUMP_INFUS_LVP_VMD", code: 70050 },
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
