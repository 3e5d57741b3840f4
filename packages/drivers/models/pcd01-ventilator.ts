import { MINUTE, model } from "../driver.ts";
import ventilator from "../types/ventilator.ts";

/** A ventilator that reports by IHE PCD-01. */
export default model({
  key: "pcd01-ventilator",
  display: "Ventilator (IHE PCD-01)",
  of: ventilator,
  identity: {},
  transports: ["mllp"],
  codecs: ["hl7v2/pcd01"],
  containment: { mds: { refId: "MDC_DEV_SYS_PT_VENT_MDS" } },
  signals: {
    peep: MINUTE,
    fio2: MINUTE,
    "tidal-volume": MINUTE,
    "minute-volume": MINUTE,
    "vent-rate": MINUTE,
    "airway-pressure-peak": MINUTE,
  },
  offlineAfterMs: 5 * MINUTE,
  tested: { by: "untested", source: "IHE PCD-01 and terms of its published messages; the codec comes with MLLP" },
});
