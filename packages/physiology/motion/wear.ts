import { type Accelerations, G_MAX, RATE_HZ_MIN } from "./frames.ts";

export interface Wear {
  /** Of the hour that ends here, seconds from the first sample. */
  readonly at: number;
  /** Null: less than half of the hour was measured. */
  readonly isWorn: boolean | null;
  /** Axes on which nothing but noise was seen; of two, nobody wears it. */
  readonly quietAxes: number;
}

export interface WearOptions {
  readonly rateHz: number;
  /** Every 15 minutes, of the last hour. */
  readonly onWear: (wear: Wear) => void;
}

const BLOCK_S = 900;
const BLOCKS = 4;
/** An axis says nothing with less deviation and less range than these, g. */
const DEVIATION_G = 0.013;
const RANGE_G = 0.05;
const QUIET_AXES = 2;
const MEASURED_PART = 0.5;

interface Block {
  found: number;
  pushed: number;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/**
 * Whether anybody wears it, by the hour: even who sleeps moves a sensor by more than its noise. van Hees VT et al. PLoS ONE
 * 2013;8:e61691 (60 minutes every 15, deviation below 13 mg and range below 50 mg on two of three axes). Not worn for less than
 * an hour is not found. Delay: none beyond the hour.
 *
 * @throws RangeError below 10 Hz
 */
export function createWear({ rateHz, onWear }: WearOptions): Accelerations {
  if (!(rateHz >= RATE_HZ_MIN && rateHz < Number.POSITIVE_INFINITY))
    throw new RangeError(`motion is judged from ${RATE_HZ_MIN} Hz on, and this is ${rateHz} Hz`);
  const blocks: readonly Block[] = Array.from({ length: BLOCKS }, emptyBlock);
  const hour = emptyBlock();
  let samples = 0;
  let filled = 0;
  let block = blocks[0] as Block;

  function add(axis: 0 | 1 | 2, value: number): void {
    block.sum[axis] = (block.sum[axis] as number) + value;
    block.squares[axis] = (block.squares[axis] as number) + value * value;
    block.least[axis] = Math.min(block.least[axis] as number, value);
    block.most[axis] = Math.max(block.most[axis] as number, value);
  }

  function look(): void {
    clear(hour);
    for (const one of blocks) addBlock(hour, one);
    let quietAxes = 0;
    for (let axis = 0; axis < 3; axis++) {
      const mean = (hour.sum[axis] as number) / hour.found;
      const variance = (hour.squares[axis] as number) / hour.found - mean * mean;
      const range = (hour.most[axis] as number) - (hour.least[axis] as number);
      if (variance < DEVIATION_G ** 2 && range < RANGE_G) quietAxes++;
    }
    const isMeasured = hour.found >= MEASURED_PART * hour.pushed;
    const isWorn = isMeasured ? quietAxes < QUIET_AXES : null;
    onWear({ at: filled * BLOCK_S, isWorn, quietAxes: isMeasured ? quietAxes : 0 });
  }

  return {
    push(x, y, z) {
      samples++;
      block.pushed++;
      if (x * x + y * y + z * z <= G_MAX * G_MAX) {
        block.found++;
        add(0, x);
        add(1, y);
        add(2, z);
      }
      if (samples < Math.round((filled + 1) * BLOCK_S * rateHz)) return;
      filled++;
      if (filled >= BLOCKS) look();
      block = blocks[filled % BLOCKS] as Block;
      clear(block);
    },
  };
}

const emptyBlock = (): Block => {
  const block: Block = {
    found: 0,
    pushed: 0,
    sum: new Float64Array(3),
    squares: new Float64Array(3),
    least: new Float64Array(3),
    most: new Float64Array(3),
  };
  clear(block);
  return block;
};

function clear(block: Block): void {
  block.found = 0;
  block.pushed = 0;
  block.sum.fill(0);
  block.squares.fill(0);
  block.least.fill(Number.POSITIVE_INFINITY);
  block.most.fill(Number.NEGATIVE_INFINITY);
}

function addBlock(to: Block, one: Block): void {
  to.found += one.found;
  to.pushed += one.pushed;
  for (let axis = 0; axis < 3; axis++) {
    to.sum[axis] = (to.sum[axis] as number) + (one.sum[axis] as number);
    to.squares[axis] = (to.squares[axis] as number) + (one.squares[axis] as number);
    to.least[axis] = Math.min(to.least[axis] as number, one.least[axis] as number);
    to.most[axis] = Math.max(to.most[axis] as number, one.most[axis] as number);
  }
}
