import { aligned, alike, bestShift, LENGTH, type Outline, outline, QRS, type Shape } from "./shape.ts";

/** Beats of one patient that look alike, whatever they are. */
export interface Family {
  /** What they look like on average, a row of samples a lead. */
  readonly template: readonly Float32Array[];
  outline: Outline;
  /** How many there were; what was long ago counts less. */
  weight: number;
  /** Average of the interval before one over the usual interval, and of the interval after it. */
  before: number;
  after: number;
}

/** More alike than this, and not of quite another size, they are one family. */
const ALIKE = 0.88;
const SIZE = 1.7;
const FAMILIES_MAX = 8;
/** What a family was in the last few hundred beats. */
const FORGET = 0.998;
/** The newest beat has this share in the average at least. */
const NEWEST = 1 / 16;
/** Two that have come to look like this are one. */
const SAME = 0.97;
/** A family that comes early is not what is usual, however many it has: its number counts for this part. */
const EARLY = 0.88;
const EARLY_COUNTS = 0.35;

export interface Placed {
  readonly family: Family;
  readonly shift: number;
  readonly correlation: number;
}

/** What the beats of one patient look like, learnt as they come. Bounded: eight families. */
export class Families {
  readonly #all: Family[] = [];
  #usual: Family | undefined;

  /** The one that is most of the beats; undefined before the first. */
  get usual(): Family | undefined {
    return this.#usual;
  }

  get total(): number {
    let sum = 0;
    for (const { weight } of this.#all) sum += weight;
    return sum;
  }

  /** @returns the family that it is one of now; undefined of a shape without a lead */
  place(shape: Shape): Placed | undefined {
    if (shape.every((lead) => lead === null)) return undefined;
    let best: Placed | undefined;
    for (const family of this.#all) {
      const { shift, correlation, gain } = bestShift(shape, family.template);
      const fits = correlation > ALIKE && gain < SIZE && gain > 1 / SIZE;
      if (fits && !(best && correlation <= best.correlation)) best = { family, shift, correlation };
    }
    for (const family of this.#all) family.weight *= FORGET;
    const placed = best ?? { family: this.#found(shape), shift: 0, correlation: 1 };
    if (best) this.#learn(best, shape);
    placed.family.weight++;
    this.#usual = this.#all.reduce((most, one) => (rank(one) > rank(most) ? one : most), placed.family);
    return placed;
  }

  /** What came before and after one of a family is known later. */
  follow(family: Family, before: number, after: number): void {
    const share = Math.max(1 / (family.weight + 1), NEWEST);
    if (Number.isFinite(before)) family.before += share * (before - family.before);
    if (Number.isFinite(after)) family.after += share * (after - family.after);
  }

  #found(shape: Shape): Family {
    const whole = aligned(shape, 0);
    const template = whole.map((lead) => (lead ? Float32Array.from(lead) : new Float32Array(LENGTH)));
    const family: Family = { template, outline: outline(whole), weight: 0, before: 1, after: 1 };
    if (this.#all.length < FAMILIES_MAX) this.#all.push(family);
    else {
      const rarest = this.#all.reduce((least, one) => (one.weight < least.weight ? one : least));
      this.#all[this.#all.indexOf(rarest)] = family;
    }
    return family;
  }

  #learn({ family, shift }: Placed, shape: Shape): void {
    const share = Math.max(1 / (family.weight + 1), NEWEST);
    for (const [lead, samples] of aligned(shape, shift).entries()) {
      const known = family.template[lead];
      if (!samples || !known) continue;
      for (let i = 0; i < LENGTH; i++)
        known[i] = (known[i] as number) + share * ((samples[i] as number) - (known[i] as number));
    }
    family.outline = outline(family.template);
    const twin = this.#all.find((one) => {
      if (one === family) return false;
      const { correlation, gain } = alike(family.template, one.template, QRS);
      return correlation > SAME && gain < 1.3 && gain > 1 / 1.3;
    });
    if (!twin) return;
    family.weight += twin.weight;
    this.#all.splice(this.#all.indexOf(twin), 1);
  }
}

const rank = ({ weight, before }: Family) => weight * (before < EARLY ? EARLY_COUNTS : 1);
