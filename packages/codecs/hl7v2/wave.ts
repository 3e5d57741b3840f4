import { ABSENT_SAMPLE, MAX_SAMPLES } from "../waveform.ts";

const MAX_INT32 = 2147483647;
const MAX_DECIMALS = 9;
const NUMBER = /^[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))$/;

/** Samples as whole numbers, and what one of them is worth. */
export interface Samples {
  readonly samples: Int32Array;
  readonly scale: number;
}

/**
 * The samples of OBX-5, of the type NA. Decimals are those of the unit; whole numbers are counts where the sender says
 * what a count is worth.
 *
 * @param resolution MDC_ATTR_NU_MSMT_RES; undefined where it is not said
 * @returns undefined for what are no numbers, or too many
 */
export function samplesOf(
  value: string,
  { component, repetition }: { readonly component: string; readonly repetition: string },
  resolution: number | undefined,
): Samples | undefined {
  // A second repetition is a second channel, which nobody named.
  if (repetition !== "" && value.includes(repetition)) return undefined;
  const parts = value.split(component);
  if (parts.length > MAX_SAMPLES) return undefined;
  let decimals = 0;
  for (const part of parts) {
    if (part === "") continue;
    const found = NUMBER.exec(part);
    if (!found) return undefined;
    decimals = Math.max(decimals, (found[1] ?? found[2] ?? "").length);
  }
  if (decimals > MAX_DECIMALS) return undefined;
  const factor = 10 ** decimals;
  const samples = new Int32Array(parts.length);
  for (const [i, part] of parts.entries()) {
    const sample = part === "" ? ABSENT_SAMPLE : Math.round(Number(part) * factor);
    if (sample !== ABSENT_SAMPLE && Math.abs(sample) > MAX_INT32) return undefined;
    samples[i] = sample;
  }
  const isCounts = decimals === 0 && resolution !== undefined;
  return { samples, scale: isCounts ? resolution : 1 / factor };
}
