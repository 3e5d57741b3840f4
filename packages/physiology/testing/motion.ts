/** A made accelerometer: where the body is turned to, what shakes it, and noise. After no recording; g. */
export interface MadeMotion {
  readonly rateHz: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

export interface Movement {
  /** Seconds it lasts. */
  readonly for: number;
  /** Degrees from upright at its end; turned evenly from where it was before. */
  readonly turnedTo?: number;
  /** Along the body, on top of gravity, g; seconds from its beginning. */
  readonly shaken?: (seconds: number) => number;
}

/** Quiet, then weightless for 0.3 s, then an impact of 4 g, and lying. */
export const FALL: readonly Movement[] = [
  { for: 6 },
  { for: 0.3, turnedTo: 40, shaken: () => -0.7 },
  { for: 0.15, turnedTo: 85, shaken: (t) => 4 * Math.exp(-(((t - 0.075) / 0.04) ** 2)) },
  { for: 8 },
];

/** Steps per second as vertical pushes with a second harmonic, as at the waist. @param g of the push */
export const gait =
  (perSecond: number, g: number) =>
  (t: number): number =>
    g * (Math.sin(2 * Math.PI * perSecond * t) + 0.3 * Math.sin(4 * Math.PI * perSecond * t + 1));

/** @param random 0 to 1; left out: no noise @param noise standard deviation, about, g */
export function madeMotion(
  movements: readonly Movement[],
  rateHz: number,
  random: () => number = () => 0.5,
  noise = 0.01,
): MadeMotion {
  const rows: [number, number, number][] = [];
  let turned = 0;
  let begin = 0;
  for (const { for: length, turnedTo = turned, shaken = () => 0 } of movements) {
    const end = begin + length;
    for (let i = rows.length; i < Math.round(end * rateHz); i++) {
      const t = i / rateHz - begin;
      const angle = ((turned + ((turnedTo - turned) * t) / length) * Math.PI) / 180;
      const along = Math.max(1 + shaken(t), -16);
      const off = () => (random() - 0.5) * 3.46 * noise;
      rows.push([along * Math.sin(angle) + off(), along * Math.cos(angle) + off(), off()]);
    }
    turned = turnedTo;
    begin = end;
  }
  const axis = (at: 0 | 1 | 2) => Float64Array.from(rows, (row) => row[at]);
  return { rateHz, x: axis(0), y: axis(1), z: axis(2) };
}

/** Pushes all of it. */
export function play(
  { x, y, z }: MadeMotion,
  into: { push(x: number, y: number, z: number): void; finish?(): void },
): void {
  for (let i = 0; i < x.length; i++) into.push(x[i] as number, y[i] as number, z[i] as number);
  into.finish?.();
}
