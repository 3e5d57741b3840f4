import { driver, MINUTE, ON_DEMAND } from "../driver.ts";

/** A monitor, or its information centre, that reports numerics by IHE PCD-01, typically once a minute. */
export default driver({
  key: "pcd01-bedside-monitor",
  display: "Bedside monitor (IHE PCD-01)",
  kind: "bedside-monitor",
  identity: {
    mds: [69965],
  },
  transports: ["mllp"],
  codecs: ["hl7v2/pcd01"],
  containment: {
    mds: { refId: "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", code: 69965 },
    channels: [
      {
        vmd: { refId: "MDC_DEV_ECG_VMD", code: 69798 },
        channel: { refId: "MDC_DEV_ECG_CHAN", code: 69799 },
        signals: ["heart-rate", "ecg-lead-i", "ecg-lead-ii", "ecg-lead-iii"],
      },
      {
        vmd: { refId: "MDC_DEV_ANALY_SAT_O2_VMD", code: 69642 },
        channel: { refId: "MDC_DEV_PULS_CHAN", code: 70675 },
        signals: ["pulse-rate-spo2", "spo2", "pleth"],
      },
      {
        vmd: { refId: "MDC_DEV_ANALY_SAT_O2_VMD", code: 69642 },
        channel: { refId: "MDC_DEV_ANALY_PERF_REL_CHAN", code: 70771 },
        signals: ["perfusion-index"],
      },
      {
        vmd: { refId: "MDC_DEV_PRESS_BLD_NONINV_VMD", code: 70686 },
        channel: { refId: "MDC_DEV_PRESS_BLD_NONINV_CHAN" },
        signals: ["nibp-systolic", "nibp-diastolic", "nibp-mean"],
      },
    ],
  },
  signals: {
    "heart-rate": MINUTE,
    "pulse-rate-spo2": MINUTE,
    spo2: MINUTE,
    "perfusion-index": MINUTE,
    "respiratory-rate": MINUTE,
    "art-systolic": MINUTE,
    "art-diastolic": MINUTE,
    "art-mean": MINUTE,
    "body-temperature": MINUTE,
    "nibp-systolic": ON_DEMAND,
    "nibp-diastolic": ON_DEMAND,
    "nibp-mean": ON_DEMAND,
    "ecg-lead-i": null,
    "ecg-lead-ii": null,
    "ecg-lead-iii": null,
    pleth: null,
  },
  offlineAfterMs: 5 * MINUTE,
  clock: "own",
  tested: { by: "untested", source: "IHE PCD-01 and terms of its published messages; the codec comes with MLLP" },
});
