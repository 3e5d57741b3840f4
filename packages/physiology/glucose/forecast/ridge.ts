/** Straight-line learning one row at a time, from what is likely before anything is known, and fading with time. */
export interface Ridge {
  /** What came before counts for so much less. @param kept 0 to 1 */
  fade(kept: number): void;
  /** @param weight one over the variance of what the row can say */
  learn(row: ArrayLike<number>, answer: number, weight: number): void;
  predict(row: ArrayLike<number>): number;
}

/**
 * Bayesian linear regression whose prior does not fade: of somebody who was silent for long it says what it says of anybody. Bounded
 * memory, no inverse is carried along that could run away.
 *
 * @param deviations how far each coefficient is likely to be from nought
 */
export function createRidge(deviations: readonly number[]): Ridge {
  const size = deviations.length;
  const squares = new Float64Array(size * size);
  const products = new Float64Array(size);
  const factor = new Float64Array(size * size);
  const coefficients = new Float64Array(size);
  let isSolved = true;

  /** Cholesky: the matrix is symmetric and, by its prior, positive definite. */
  function solve(): void {
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) {
        const prior = i === j ? (deviations[i] as number) ** -2 : 0;
        let sum = (squares[i * size + j] as number) + prior;
        for (let k = 0; k < j; k++) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
        factor[i * size + j] =
          i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / (factor[j * size + j] as number);
      }
    for (let i = 0; i < size; i++) {
      let sum = products[i] as number;
      for (let k = 0; k < i; k++) sum -= (factor[i * size + k] as number) * (coefficients[k] as number);
      coefficients[i] = sum / (factor[i * size + i] as number);
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = coefficients[i] as number;
      for (let k = i + 1; k < size; k++) sum -= (factor[k * size + i] as number) * (coefficients[k] as number);
      coefficients[i] = sum / (factor[i * size + i] as number);
    }
    isSolved = true;
  }

  return {
    fade(kept) {
      for (let i = 0; i < squares.length; i++) squares[i] = (squares[i] as number) * kept;
      for (let i = 0; i < size; i++) products[i] = (products[i] as number) * kept;
      isSolved = false;
    },
    learn(row, answer, weight) {
      for (let i = 0; i < size; i++) {
        const one = weight * (row[i] as number);
        products[i] = (products[i] as number) + one * answer;
        for (let j = 0; j <= i; j++)
          squares[i * size + j] = (squares[i * size + j] as number) + one * (row[j] as number);
      }
      isSolved = false;
    },
    predict(row) {
      if (!isSolved) solve();
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (row[i] as number) * (coefficients[i] as number);
      return sum;
    },
  };
}
