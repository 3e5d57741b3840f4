import { findSignalByMdc, signals } from "@openward/signals";

const SCADA = 2;
const DIMENSION = 4;
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

/** Dimensions in UCUM: those of our signals, and what devices say in their place. */
const units = new Map<number, string>(
  signals.flatMap(({ mdcUnit, ucum }) =>
    mdcUnit && ucum !== undefined && mdcUnit.code >> 16 === DIMENSION ? [[mdcUnit.code & 0xffff, ucum] as const] : [],
  ),
);
for (const [code, ucum] of [
  [512, "1"], // MDC_DIM_DIMLESS
  [544, "%"], // MDC_DIM_PERCENT
  [1280, "m"], // MDC_DIM_X_M
  [1297, "cm"], // MDC_DIM_CENTI_M
  [1376, "[in_i]"], // MDC_DIM_INCH
  [1731, "kg"], // MDC_DIM_KILO_G
  [1760, "[lb_av]"], // MDC_DIM_LB
  [1952, "kg/m2"], // MDC_DIM_KG_PER_M_SQ
  [2720, "/min"], // MDC_DIM_BEAT_PER_MIN
  [2784, "/min"], // MDC_DIM_RESP_PER_MIN
  [3843, "kPa"], // MDC_DIM_KILO_PASCAL
  [3872, "mm[Hg]"], // MDC_DIM_MMHG
  [4416, "[degF]"], // MDC_DIM_FAHR
  [4722, "mmol/L"], // MDC_DIM_MILLI_MOLE_PER_L
  [6048, "Cel"], // MDC_DIM_DEGC
] as const) {
  units.set(code, ucum);
}

/** @param code of the dimensions' partition (4) */
export function unitOfTerm(code: number): string | undefined {
  return units.get(code);
}
