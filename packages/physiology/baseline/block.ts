import { median } from "../statistics.ts";

const KEPT = 32;

/** The middle of what is added, of any number, from 32 of them that are spread evenly over it: one odd value does not move it. */
export class Middle {
  #kept: number[] = [];
  #stride = 1;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** NaN of none. */
  get value(): number {
    return this.#kept.length > 0 ? median(this.#kept) : Number.NaN;
  }

  add(value: number): void {
    if (this.#count % this.#stride === 0) this.#kept.push(value);
    this.#count++;
    if (this.#kept.length < KEPT) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }
}
