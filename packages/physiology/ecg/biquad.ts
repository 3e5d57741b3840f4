/** One section of second order, sample by sample; its state is two numbers. */
export interface Biquad {
  next(sample: number): number;
  /** As if it had been this value for ever. @returns what comes out then */
  settle(sample: number): number;
}

interface Coefficients {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

export const lowPass = (hertz: number, rateHz: number, q = Math.SQRT1_2): Biquad => {
  const { cos, alpha, a } = shape(hertz, rateHz, q);
  const b = (1 - cos) / 2 / (1 + alpha);
  return section({ b: [b, 2 * b, b], a });
};

export const highPass = (hertz: number, rateHz: number, q = Math.SQRT1_2): Biquad => {
  const { cos, alpha, a } = shape(hertz, rateHz, q);
  const b = (1 + cos) / 2 / (1 + alpha);
  return section({ b: [b, -2 * b, b], a });
};

/** @param widthHz of what goes, at half of the power */
export const notch = (hertz: number, rateHz: number, widthHz: number): Biquad => {
  const cos = Math.cos((2 * Math.PI * hertz) / rateHz);
  const alpha = Math.tan((Math.PI * widthHz) / rateHz);
  const b = 1 / (1 + alpha);
  return section({ b: [b, -2 * cos * b, b], a: [-2 * cos * b, (1 - alpha) * b] });
};

/** Bristow-Johnson's forms, by the bilinear transform. */
function shape(hertz: number, rateHz: number, q: number) {
  const omega = (2 * Math.PI * Math.min(hertz, 0.45 * rateHz)) / rateHz;
  const cos = Math.cos(omega);
  const alpha = Math.sin(omega) / (2 * q);
  return { cos, alpha, a: [(-2 * cos) / (1 + alpha), (1 - alpha) / (1 + alpha)] as const };
}

/** Transposed direct form II. */
function section({ b: [b0, b1, b2], a: [a1, a2] }: Coefficients): Biquad {
  let s1 = 0;
  let s2 = 0;
  return {
    next(sample) {
      const out = b0 * sample + s1;
      s1 = b1 * sample - a1 * out + s2;
      s2 = b2 * sample - a2 * out;
      return out;
    },
    settle(sample) {
      const out = (sample * (b0 + b1 + b2)) / (1 + a1 + a2);
      s2 = b2 * sample - a2 * out;
      s1 = b1 * sample - a1 * out + s2;
      return out;
    },
  };
}
