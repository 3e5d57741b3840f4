import type { Random } from "@openward/runtime";

/** Standard normal deviates (Marsaglia's polar method). */
export function gaussian(random: Random): () => number {
  let spare: number | null = null;
  return () => {
    if (spare !== null) {
      const out = spare;
      spare = null;
      return out;
    }
    for (;;) {
      const u = 2 * random.float() - 1;
      const v = 2 * random.float() - 1;
      const s = u * u + v * v;
      if (s <= 0 || s >= 1) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}

/** A value that wanders about zero: Ornstein-Uhlenbeck, standard deviation `sd`, correlation time `tauS` seconds. */
export function wander(normal: () => number, sd: number, tauS: number): (dtS: number) => number {
  let value = sd * normal();
  return (dtS) => {
    const keep = Math.exp(-dtS / tauS);
    value = value * keep + sd * Math.sqrt(1 - keep * keep) * normal();
    return value;
  };
}

/** Episodes that begin at random (`perHour` on average) and last between `minS` and `maxS` seconds. */
export function episodes(random: Random, perHour: number, minS: number, maxS: number) {
  let leftS = 0;
  return {
    /** Advance; says whether an episode is on. */
    step(dtS: number): boolean {
      if (leftS > 0) leftS -= dtS;
      else if (random.float() < 1 - Math.exp((-perHour * dtS) / 3600)) leftS = minS + (maxS - minS) * random.float();
      return leftS > 0;
    },
    force(lastsS: number): void {
      leftS = Math.max(leftS, lastsS);
    },
  };
}
