/** How much each beat looks like those before it. */
export interface Shape {
  /**
   * @param value of the wave around a beat, step by step
   * @returns correlation with the usual shape, -1 to 1; NaN where nothing moves or some of it is missing
   */
  compare(value: (step: number) => number): number;
  /** Correlation of the last beat with the one before it; NaN where there is none. */
  readonly toBefore: number;
  /** How many beats the usual shape was learnt from. */
  readonly count: number;
}

/** Share of a new beat in the usual shape, once some were seen. */
const SHARE = 0.1;
/** Like the usual: learnt from. */
const LIKE = 0.8;

/**
 * The template follows slowly. Orphanidou C et al. IEEE J Biomed Health Inform 2015;19:832.
 *
 * @param steps that a beat is looked at
 * @param persuaded so many beats unlike the usual one, each like the one before it, are the new usual
 */
export function createShape(steps: number, persuaded: number): Shape {
  const usual = new Float64Array(steps);
  const before = new Float64Array(steps);
  const now = new Float64Array(steps);
  let count = 0;
  let hasBefore = false;
  let strange = 0;
  let toBefore = Number.NaN;

  /** Mean 0 and length 1; false where that cannot be. */
  function take(value: (step: number) => number): boolean {
    let mean = 0;
    for (let i = 0; i < steps; i++) {
      now[i] = value(i);
      mean += (now[i] as number) / steps;
    }
    let square = 0;
    for (let i = 0; i < steps; i++) {
      now[i] = (now[i] as number) - mean;
      square += (now[i] as number) ** 2;
    }
    const length = Math.sqrt(square);
    if (!(length > 0)) return false;
    for (let i = 0; i < steps; i++) now[i] = (now[i] as number) / length;
    return true;
  }

  function learn(share: number): void {
    let square = 0;
    for (let i = 0; i < steps; i++) {
      usual[i] = (usual[i] as number) + share * ((now[i] as number) - (usual[i] as number));
      square += (usual[i] as number) ** 2;
    }
    const length = Math.sqrt(square);
    if (length > 0) for (let i = 0; i < steps; i++) usual[i] = (usual[i] as number) / length;
    count++;
  }

  return {
    get toBefore() {
      return toBefore;
    },
    get count() {
      return count;
    },
    compare(value) {
      toBefore = Number.NaN;
      if (!take(value)) return Number.NaN;
      toBefore = hasBefore ? dot(now, before) : Number.NaN;
      before.set(now);
      hasBefore = true;
      const toUsual = count > 0 ? dot(now, usual) : toBefore;
      if (count === 0 ? toBefore > LIKE : toUsual > LIKE) {
        strange = 0;
        learn(Math.max(SHARE, 1 / (count + 1)));
      } else if (count > 0 && toBefore > LIKE && ++strange >= persuaded) {
        strange = 0;
        count = 0;
        learn(1);
      } else if (!(toBefore > LIKE)) strange = 0;
      return toUsual;
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
