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
  return new Section({ b: [b, 2 * b, b], a });
};

export const highPass = (hertz: number, rateHz: number, q = Math.SQRT1_2): Biquad => {
  const { cos, alpha, a } = shape(hertz, rateHz, q);
  const b = (1 + cos) / 2 / (1 + alpha);
  return new Section({ b: [b, -2 * b, b], a });
};

/** @param widthHz of what goes, at half of the power */
export const notch = (hertz: number, rateHz: number, widthHz: number): Biquad => {
  const cos = Math.cos((2 * Math.PI * hertz) / rateHz);
  const alpha = Math.tan((Math.PI * widthHz) / rateHz);
  const b = 1 / (1 + alpha);
  return new Section({ b: [b, -2 * cos * b, b], a: [-2 * cos * b, (1 - alpha) * b] });
};

/** Bristow-Johnson's forms, by the bilinear transform. */
function shape(hertz: number, rateHz: number, q: number) {
  const omega = (2 * Math.PI * Math.min(hertz, 0.45 * rateHz)) / rateHz;
  const cos = Math.cos(omega);
  const alpha = Math.sin(omega) / (2 * q);
  return { cos, alpha, a: [(-2 * cos) / (1 + alpha), (1 - alpha) / (1 + alpha)] as const };
}

/** Transposed direct form II. A class: what changes with each sample is changed in place. */
class Section implements Biquad {
  readonly #b0: number;
  readonly #b1: number;
  readonly #b2: number;
  readonly #a1: number;
  readonly #a2: number;
  #s1 = 0;
  #s2 = 0;

  constructor({ b: [b0, b1, b2], a: [a1, a2] }: Coefficients) {
    this.#b0 = b0;
    this.#b1 = b1;
    this.#b2 = b2;
    this.#a1 = a1;
    this.#a2 = a2;
  }

  next(sample: number): number {
    const out = this.#b0 * sample + this.#s1;
    this.#s1 = this.#b1 * sample - this.#a1 * out + this.#s2;
    this.#s2 = this.#b2 * sample - this.#a2 * out;
    return out;
  }

  settle(sample: number): number {
    const out = (sample * (this.#b0 + this.#b1 + this.#b2)) / (1 + this.#a1 + this.#a2);
    this.#s2 = this.#b2 * sample - this.#a2 * out;
    this.#s1 = this.#b1 * sample - this.#a1 * out + this.#s2;
    return out;
  }
}
