import { findSignalByMdc } from "@openward/signals";

const SCADA = 2;
const cf = (partition: number, code: number) => partition * 65_536 + code;

/** Terms of 11073-10101 that mean a signal and are not the one by which packages/signals names it. */
const ALSO: ReadonlyMap<number, string> = new Map([
  [cf(SCADA, 19_229), "nibp-systolic"], // MDC_PRESS_CUFF_SYS
  [cf(SCADA, 19_230), "nibp-diastolic"], // MDC_PRESS_CUFF_DIA
  [cf(SCADA, 19_231), "nibp-mean"], // MDC_PRESS_CUFF_MEAN
  [cf(SCADA, 19_416), "perfusion-index"], // MDC_BLD_PERF_INDEX
  [cf(SCADA, 29_116), "glucose-blood"], // MDC_CONC_GLU_CAPILLARY_PLASMA
  [cf(SCADA, 20_498), "respiratory-rate-co2"], // MDC_AWAY_RESP_RATE
]);

/**
 * The signal that a term of 11073-10101 means.
 *
 * @param code in its partition; in partition 0 (unspecified) that of physiological terms
 */
export function signalOfTerm(partition: number, code: number): string | undefined {
  const term = cf(partition === 0 ? SCADA : partition, code);
  return findSignalByMdc(term)?.key ?? ALSO.get(term);
}
