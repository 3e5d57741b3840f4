import { MINUTE, model } from "../driver.ts";
import infusionPump from "../types/infusion-pump.ts";

/** A pump, or the server of its maker, that reports by IHE PCD-01. */
export default model({
  key: "pcd01-volumetric-pump",
  display: "Volumetric infusion pump (IHE PCD-01)",
  of: infusionPump,
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
  },
  without: ["battery-level", "infusion-volume-total", "pca-doses-attempted", "pca-doses-given"],
  offlineAfterMs: 5 * MINUTE,
  tested: { by: "untested", source: "IHE PCD-01 and terms of its published messages; the codec comes with MLLP" },
});
