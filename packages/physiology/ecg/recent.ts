/** The last few values and their median: one odd beat does not move it. */
export class Recent {
  readonly #values: number[] = [];
  readonly #size: number;
  #median = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get count(): number {
    return this.#values.length;
  }

  /** 0 of none. */
  get median(): number {
    return this.#median;
  }

  clear(): void {
    this.#values.length = 0;
    this.#median = 0;
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > this.#size) this.#values.shift();
    const sorted = [...this.#values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const above = sorted[middle] as number;
    this.#median = sorted.length % 2 === 1 ? above : ((sorted[middle - 1] as number) + above) / 2;
  }
}
