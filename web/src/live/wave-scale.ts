/** Values at the bottom and at the top of a trace. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export interface WaveScale {
  /**
   * Sees each value before it is drawn.
   * @returns true when the scale had to grow: in the first pass only, where nothing is known of the signal yet
   */
  see(value: number): boolean;
  /** Call when the sweep begins a new pass: the scale only ever changes there. @returns true when it did */
  turn(): boolean;
  range(): Range;
}

const SPARE = 0.12;

/**
 * A scale that stands still: it grows while the first pass is drawn, and after that changes only between passes of the
 * sweep, and only when the trace left it or used less than a third of it. What lies outside is clipped at the edge.
 */
export function createWaveScale(signal: string): WaveScale {
  const isEcg = signal.startsWith("ecg-");
  const spanMin = isEcg ? 1.2 : 0;
  let range: Range | null = isEcg ? { low: -0.7, high: 1.5 } : null;
  let isFirstPass = true;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;

  return {
    see(value) {
      if (value < low) low = value;
      if (value > high) high = value;
      if (!isFirstPass || (range && value >= range.low && value <= range.high)) return false;
      const spare = Math.max((high - low) * (SPARE + 0.1), Math.abs(value) * 1e-3, 1e-3);
      range = { low: Math.min(range?.low ?? value, low - spare), high: Math.max(range?.high ?? value, high + spare) };
      return true;
    },
    turn() {
      isFirstPass = false;
      if (low > high) return false;
      const [a, b] = [low, high];
      low = Number.POSITIVE_INFINITY;
      high = Number.NEGATIVE_INFINITY;
      if (range && a >= range.low && b <= range.high && b - a >= (range.high - range.low) / 3) return false;
      const span = Math.max(b - a, spanMin, Math.abs(a) * 1e-3, 1e-6);
      const middle = (a + b) / 2;
      const next = { low: middle - span * (0.5 + SPARE), high: middle + span * (0.5 + SPARE) };
      if (range && next.low === range.low && next.high === range.high) return false;
      range = next;
      return true;
    },
    range: () => range ?? { low: -1, high: 1 },
  };
}
