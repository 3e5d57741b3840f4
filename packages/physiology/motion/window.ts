import type { Frame } from "./frames.ts";

/** Mean acceleration of a stretch of frames, g, and how much it moved. NaN: too little of it was measured. */
export interface Stretch {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Root mean square distance from the mean, g: 0 when nothing moves. */
  readonly restlessness: number;
}

/** Of a stretch at least so much must have been measured. */
const MEASURED_PART = 0.5;

/** The last frames; asked for one that has left or has not come, it knows nothing. */
export class FrameWindow {
  readonly #size: number;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #z: Float64Array;
  readonly #top: Float64Array;
  #last = -1;

  constructor(size: number) {
    this.#size = size;
    this.#x = new Float64Array(size);
    this.#y = new Float64Array(size);
    this.#z = new Float64Array(size);
    this.#top = new Float64Array(size);
  }

  /** Of the newest frame; -1 of none. */
  get last(): number {
    return this.#last;
  }

  add({ n, x, y, z, top }: Readonly<Frame>): void {
    const at = n % this.#size;
    this.#x[at] = x;
    this.#y[at] = y;
    this.#z[at] = z;
    this.#top[at] = top;
    this.#last = n;
  }

  top(n: number): number {
    return this.#has(n) ? (this.#top[n % this.#size] as number) : Number.NaN;
  }

  magnitude(n: number): number {
    if (!this.#has(n)) return Number.NaN;
    const at = n % this.#size;
    return Math.hypot(this.#x[at] as number, this.#y[at] as number, this.#z[at] as number);
  }

  /** Of the difference of two frames, g. */
  distance(n: number, m: number): number {
    if (!this.#has(n) || !this.#has(m)) return Number.NaN;
    const a = n % this.#size;
    const b = m % this.#size;
    return Math.hypot(
      (this.#x[a] as number) - (this.#x[b] as number),
      (this.#y[a] as number) - (this.#y[b] as number),
      (this.#z[a] as number) - (this.#z[b] as number),
    );
  }

  /** @param from @param to frames, [from, to) */
  stretch(from: number, to: number): Stretch {
    let found = 0;
    let x = 0;
    let y = 0;
    let z = 0;
    let squares = 0;
    for (let n = from; n < to; n++) {
      if (Number.isNaN(this.top(n))) continue;
      const at = n % this.#size;
      const [oneX, oneY, oneZ] = [this.#x[at] as number, this.#y[at] as number, this.#z[at] as number];
      found++;
      x += oneX;
      y += oneY;
      z += oneZ;
      squares += oneX * oneX + oneY * oneY + oneZ * oneZ;
    }
    if (found === 0 || found < MEASURED_PART * (to - from))
      return { x: Number.NaN, y: Number.NaN, z: Number.NaN, restlessness: Number.NaN };
    x /= found;
    y /= found;
    z /= found;
    const variance = squares / found - (x * x + y * y + z * z);
    return { x, y, z, restlessness: Math.sqrt(Math.max(variance, 0)) };
  }

  #has(n: number): boolean {
    return n >= 0 && n <= this.#last && n > this.#last - this.#size;
  }
}

/** Between two directions, degrees; NaN when one of them is none. */
export function angleBetween(a: Omit<Stretch, "restlessness">, b: Omit<Stretch, "restlessness">): number {
  const lengths = Math.hypot(a.x, a.y, a.z) * Math.hypot(b.x, b.y, b.z);
  if (!(lengths > 0)) return Number.NaN;
  const cosine = (a.x * b.x + a.y * b.y + a.z * b.z) / lengths;
  return (Math.acos(Math.min(Math.max(cosine, -1), 1)) * 180) / Math.PI;
}
