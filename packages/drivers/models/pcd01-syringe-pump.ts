import { model } from "../driver.ts";
import pcd01VolumetricPump from "./pcd01-volumetric-pump.ts";

/** A pump, or the server of its maker, that reports by IHE PCD-01. */
export default model({
  key: "pcd01-syringe-pump",
  display: "Syringe pump (IHE PCD-01)",
  of: pcd01VolumetricPump,
  identity: {
    mds: [70053],
  },
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
  tested: { by: "untested", source: "IHE PCD-01 and terms of its published messages; the codec comes with MLLP" },
});
