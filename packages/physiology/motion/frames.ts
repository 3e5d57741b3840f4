/** Whatever the sensor's rate is, motion is judged in frames of 50 ms. */
export const FRAME_HZ = 20;
/** Slower sensors miss impacts altogether. */
export const RATE_HZ_MIN = 10;
/** No accelerometer that is worn measures more; what says so is broken. */
export const G_MAX = 64;

/** What was measured in one frame, g. NaN: nothing. The object is filled anew for each frame: copy what is kept. */
export interface Frame {
  /** Counted from the first. */
  n: number;
  /** Mean of the samples. */
  x: number;
  y: number;
  z: number;
  /** Magnitude of the greatest sample. */
  top: number;
}

export interface Accelerations {
  /** @param x @param y @param z g, any orientation; NaN where there is none */
  push(x: number, y: number, z: number): void;
}

/**
 * Samples of any rate from 10 Hz as frames of 50 ms: averaged where there are several in one, repeated where there are fewer.
 * No delay beyond the frame.
 *
 * @throws RangeError below 10 Hz
 */
export function createFrames(rateHz: number, onFrame: (frame: Readonly<Frame>) => void): Accelerations {
  if (!(rateHz >= RATE_HZ_MIN && rateHz < Number.POSITIVE_INFINITY))
    throw new RangeError(`motion is judged from ${RATE_HZ_MIN} Hz on, and this is ${rateHz} Hz`);
  const frame: Frame = { n: -1, x: Number.NaN, y: Number.NaN, z: Number.NaN, top: Number.NaN };
  let samples = 0;
  let found = 0;
  let x = 0;
  let y = 0;
  let z = 0;
  let top = 0;
  return {
    push(nextX, nextY, nextZ) {
      samples++;
      const magnitude = Math.sqrt(nextX * nextX + nextY * nextY + nextZ * nextZ);
      if (magnitude <= G_MAX) {
        found++;
        x += nextX;
        y += nextY;
        z += nextZ;
        top = Math.max(top, magnitude);
      }
      const due = Math.floor((samples * FRAME_HZ) / rateHz + 1e-9);
      if (frame.n + 1 >= due) return;
      frame.x = found > 0 ? x / found : Number.NaN;
      frame.y = found > 0 ? y / found : Number.NaN;
      frame.z = found > 0 ? z / found : Number.NaN;
      frame.top = found > 0 ? top : Number.NaN;
      while (frame.n + 1 < due) {
        frame.n++;
        onFrame(frame);
      }
      found = x = y = z = top = 0;
    },
  };
}
