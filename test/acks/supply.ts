/** The messages of one device, by number: each is given out until it is acknowledged. */
export class Supply {
  readonly max: number;
  readonly #again: number[] = [];
  #next: number;
  #acknowledged = 0;

  /** Numbers 1 to `max`. */
  constructor(max = Number.POSITIVE_INFINITY) {
    this.max = max;
    this.#next = 1;
  }

  /** undefined: all are under way or acknowledged. */
  take(): number | undefined {
    return this.#again.shift() ?? (this.#next <= this.max ? this.#next++ : undefined);
  }

  /** What is not acknowledged is not known: it is sent again, the same. */
  giveBack(numbers: readonly number[]): void {
    this.#again.push(...numbers);
  }

  acknowledged(): void {
    this.#acknowledged++;
  }

  get isDone(): boolean {
    return this.#acknowledged >= this.max;
  }

  /** Numbers that may have been sent. */
  get sent(): number {
    return this.#next - 1;
  }
}
