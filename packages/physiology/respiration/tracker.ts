import { RATE_COUNT, RATES, rateAt } from "./spectrum.ts";

/** What is believed of the rate now. */
export interface Belief {
  /** /min. */
  readonly rate: number;
  /** Chance that it lies within NEAR of that, as far as the signals say; 0 to 1. */
  readonly confidence: number;
}

/** /min. */
const NEAR = 2;
/** How far a rate moves in a second, /min, as a deviation, and the chance that it leaps anywhere. */
const MOVES = 0.35;
const LEAPS = 0.004;
/** Adults in hospital, before anything was seen: log-normal about 17/min. */
const USUAL = { middle: 17, spread: 0.5 } as const;

/** The chances of each rate, carried from one moment to the next (a hidden Markov chain's forward pass). */
export class Tracker {
  readonly #chance = new Float64Array(RATE_COUNT);
  readonly #moved = new Float64Array(RATE_COUNT);
  readonly #usual: Float64Array;

  constructor() {
    this.#usual = Float64Array.from({ length: RATE_COUNT }, (_, k) =>
      Math.exp(-0.5 * (Math.log(rateAt(k) / USUAL.middle) / USUAL.spread) ** 2),
    );
    scale(this.#usual);
    this.#chance.set(this.#usual);
  }

  /** @param seconds since the last time @param logLikelihood shape [RATE_COUNT] */
  next(seconds: number, logLikelihood: Float64Array): Belief {
    this.#move(seconds);
    let highest = Number.NEGATIVE_INFINITY;
    for (const value of logLikelihood) highest = Math.max(highest, value);
    for (let k = 0; k < RATE_COUNT; k++)
      this.#chance[k] = (this.#moved[k] as number) * Math.exp((logLikelihood[k] as number) - highest);
    scale(this.#chance);
    return this.#belief();
  }

  #move(seconds: number): void {
    const deviation = MOVES * Math.sqrt(seconds);
    const reach = Math.ceil((3 * deviation) / RATES.step);
    this.#moved.fill(0);
    for (let d = -reach; d <= reach; d++) {
      const share = Math.exp(-0.5 * ((d * RATES.step) / deviation) ** 2);
      for (let k = Math.max(-d, 0); k < Math.min(RATE_COUNT, RATE_COUNT - d); k++)
        this.#moved[k + d] = (this.#moved[k + d] as number) + share * (this.#chance[k] as number);
    }
    scale(this.#moved);
    const leaps = Math.min(LEAPS * seconds, 1);
    for (let k = 0; k < RATE_COUNT; k++)
      this.#moved[k] = (1 - leaps) * (this.#moved[k] as number) + leaps * (this.#usual[k] as number);
  }

  #belief(): Belief {
    let best = 0;
    for (let k = 1; k < RATE_COUNT; k++) if ((this.#chance[k] as number) > (this.#chance[best] as number)) best = k;
    const reach = NEAR / RATES.step;
    let [sum, mean] = [0, 0];
    for (let k = Math.max(best - reach, 0); k <= Math.min(best + reach, RATE_COUNT - 1); k++) {
      sum += this.#chance[k] as number;
      mean += (this.#chance[k] as number) * rateAt(k);
    }
    return { rate: mean / sum, confidence: sum };
  }
}

function scale(chances: Float64Array): void {
  let sum = 0;
  for (const chance of chances) sum += chance;
  for (let k = 0; k < chances.length; k++) chances[k] = sum > 0 ? (chances[k] as number) / sum : 1 / chances.length;
}
