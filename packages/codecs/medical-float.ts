/**
 * Numbers of medical devices: a decimal exponent and a mantissa, both two's complement. What stands for no number is
 * named by `sfloatSpecial` and `float32Special`, and decodes to NaN or an infinity.
 *
 * @source IEEE 11073-20601, SFLOAT-Type and FLOAT-Type
 */

export type SpecialNumber = "NaN" | "NRes" | "+Infinity" | "-Infinity" | "reserved";

/** Powers of ten that a double holds exactly: dividing by them is rounded once, multiplying by a fraction twice. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

function scale(mantissa: number, exponent: number): number {
  if (exponent < 0)
    return exponent >= -22 ? mantissa / (POWERS[-exponent] as number) : Number(`${mantissa}e${exponent}`);
  return exponent <= 22 ? mantissa * (POWERS[exponent] as number) : Number(`${mantissa}e${exponent}`);
}

/**
 * @param raw 16 bits: exponent 4, mantissa 12
 * @param shift of the decimal point: 5 turns kg/L into mg/dL without rounding
 */
export function sfloat(raw: number, shift = 0): number {
  const mantissa = (raw << 20) >> 20;
  const exponent = (raw << 16) >> 28;
  // 0x7FE to 0x802 at exponent 0 are no numbers. Decoded naively, "not a number" is a saturation of 2047 %.
  if (exponent === 0 && (mantissa >= 2046 || mantissa <= -2046)) return unreal(sfloatSpecial(raw));
  return scale(mantissa, exponent + shift);
}

export function sfloatSpecial(raw: number): SpecialNumber | undefined {
  switch (raw) {
    case 0x07ff:
      return "NaN";
    case 0x0800:
      return "NRes";
    case 0x07fe:
      return "+Infinity";
    case 0x0802:
      return "-Infinity";
    case 0x0801:
      return "reserved";
    default:
      return undefined;
  }
}

/** @param raw 32 bits: exponent 8, mantissa 24 */
export function float32(raw: number): number {
  const mantissa = (raw << 8) >> 8;
  const exponent = raw >> 24;
  if (exponent === 0 && (mantissa >= 8_388_606 || mantissa <= -8_388_606)) return unreal(float32Special(raw));
  return scale(mantissa, exponent);
}

export function float32Special(raw: number): SpecialNumber | undefined {
  switch (raw >>> 0) {
    case 0x007fffff:
      return "NaN";
    case 0x00800000:
      return "NRes";
    case 0x007ffffe:
      return "+Infinity";
    case 0x00800002:
      return "-Infinity";
    case 0x00800001:
      return "reserved";
    default:
      return undefined;
  }
}

function unreal(special: SpecialNumber | undefined): number {
  if (special === "+Infinity") return Number.POSITIVE_INFINITY;
  if (special === "-Infinity") return Number.NEGATIVE_INFINITY;
  return Number.NaN;
}
