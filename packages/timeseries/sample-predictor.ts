// Only + - * / and square root of doubles, each of which IEEE 754 and ECMAScript fix to the last bit, and whole numbers: so
// that what was predicted when a block was written is predicted again wherever it is read.
const ORDER = 16;
const LAGS = ORDER + 1;
/** Samples between two fits; also how many rows of correlations are kept, at least ORDER + 1. */
const FIT_EVERY = 32;
/** How much the past counts from one sample to the next: some 5,000 samples, and some 500. */
const SLOW = 0.9998;
const FAST = 0.998;
/** On the diagonal, so that silence and pure tones can be solved. */
const RIDGE = 5;
/** How fast the errors of the predictions are forgotten. */
const ERROR_RATE = 1 / 16;
const SAMPLE_MAX = 2 ** 31 - 1;

/**
 * What comes next in a waveform: two linear predictions fitted by least squares to a long and a short past, and the line
 * through the last two samples, as one by how well each has done lately, and two adaptive filters (normalised LMS) that learn what they leave.
 */
export class SamplePredictor {
  readonly #samples: Float64Array;
  readonly #slow = new LeastSquares(SLOW);
  readonly #fast = new LeastSquares(FAST);
  readonly #long: AdaptiveFilter;
  readonly #short: AdaptiveFilter;
  #at = ORDER;
  #fitted = 0;
  #slow1 = 0;
  #fast1 = 0;
  #line1 = 0;
  #slowError = 1;
  #fastError = 1;
  #lineError = 1;
  #long1 = 0;
  #short1 = 0;
  #bias = 0;
  #sum = 0;

  constructor(count: number) {
    this.#samples = new Float64Array(count + ORDER);
    this.#long = new AdaptiveFilter(32, 0.003, count);
    this.#short = new AdaptiveFilter(16, 0.002, count);
  }

  /** The next sample, not rounded. */
  predict(): number {
    this.#slow1 = this.#slow.predict(this.#samples, this.#at);
    this.#fast1 = this.#fast.predict(this.#samples, this.#at);
    this.#line1 = 2 * (this.#samples[this.#at - 1] as number) - (this.#samples[this.#at - 2] as number);
    // The better one counts by more than its share.
    const slow = 1 / (this.#slowError * this.#slowError);
    const fast = 1 / (this.#fastError * this.#fastError);
    const line = 1 / (this.#lineError * this.#lineError);
    this.#fitted = (slow * this.#slow1 + fast * this.#fast1 + line * this.#line1) / (slow + fast + line);
    this.#long1 = this.#long.predict();
    this.#short1 = this.#short.predict();
    this.#sum = this.#fitted + this.#long1 + this.#short1 + this.#bias;
    if (this.#sum > SAMPLE_MAX) this.#sum = SAMPLE_MAX;
    else if (!(this.#sum > -SAMPLE_MAX)) this.#sum = this.#sum < 0 ? -SAMPLE_MAX : 0;
    return this.#sum;
  }

  learn(sample: number): void {
    this.#bias += 0.0005 * (sample - this.#sum);
    const left = sample - this.#fitted;
    this.#slowError += ERROR_RATE * (squareOf(sample - this.#slow1) - this.#slowError);
    this.#fastError += ERROR_RATE * (squareOf(sample - this.#fast1) - this.#fastError);
    this.#lineError += ERROR_RATE * (squareOf(sample - this.#line1) - this.#lineError);
    this.#long.learn(left, left - this.#long1);
    this.#short.learn(left - this.#long1, left - this.#long1 - this.#short1);
    this.#samples[this.#at] = sample;
    this.#slow.learn(this.#samples, this.#at);
    this.#fast.learn(this.#samples, this.#at);
    this.#at++;
  }
}

/** Never nothing, so that a share of it can be taken. */
function squareOf(error: number): number {
  return error * error + 0.01;
}

/** Linear prediction by weighted least squares: the covariance method, solved anew every few samples. */
class LeastSquares {
  readonly #weights = new Float64Array(ORDER);
  /** Row t: for each lag the weighted sum of sample x sample `lag` before, up to time t. */
  readonly #correlations = new Float64Array(FIT_EVERY * LAGS);
  readonly #factor = new Float64Array(ORDER * ORDER);
  readonly #half = new Float64Array(ORDER);
  readonly #forget: number;
  #row = 0;

  constructor(forget: number) {
    this.#forget = forget;
    // Until there is something to fit: the sample before.
    this.#weights[0] = 1;
  }

  predict(samples: Float64Array, at: number): number {
    const weights = this.#weights;
    let sum = 0;
    for (let i = 0; i < ORDER; i++) sum += (weights[i] as number) * (samples[at - 1 - i] as number);
    return sum;
  }

  learn(samples: Float64Array, at: number): void {
    const rows = this.#correlations;
    const before = this.#row * LAGS;
    this.#row = (this.#row + 1) % FIT_EVERY;
    const row = this.#row * LAGS;
    const sample = samples[at] as number;
    // Lags before the first sample are zeros.
    for (let lag = 0; lag < LAGS; lag++)
      rows[row + lag] =
        this.#forget * (rows[before + lag] as number) + sample * (at >= lag ? (samples[at - lag] as number) : 0);
    if (this.#row === 0) this.#solve();
  }

  /** By Cholesky; where that fails, the weights stay. */
  #solve(): void {
    const rows = this.#correlations;
    const factor = this.#factor;
    const half = this.#half;
    const now = this.#row;
    for (let i = 0; i < ORDER; i++) {
      for (let j = 0; j <= i; j++) {
        // Correlation of the samples i + 1 and j + 1 before, over all times: as it was j + 1 samples ago at lag i - j.
        const then = (now - 1 - j + FIT_EVERY) % FIT_EVERY;
        let sum = (rows[then * LAGS + i - j] as number) + (i === j ? RIDGE : 0);
        for (let k = 0; k < j; k++) sum -= (factor[i * ORDER + k] as number) * (factor[j * ORDER + k] as number);
        if (i === j) {
          if (!(sum > 1e-9)) return;
          factor[i * ORDER + i] = Math.sqrt(sum);
        } else {
          factor[i * ORDER + j] = sum / (factor[j * ORDER + j] as number);
        }
      }
    }
    for (let i = 0; i < ORDER; i++) {
      let sum = rows[now * LAGS + i + 1] as number;
      for (let k = 0; k < i; k++) sum -= (factor[i * ORDER + k] as number) * (half[k] as number);
      half[i] = sum / (factor[i * ORDER + i] as number);
    }
    for (let i = ORDER - 1; i >= 0; i--) {
      let sum = half[i] as number;
      for (let k = i + 1; k < ORDER; k++) sum -= (factor[k * ORDER + i] as number) * (this.#weights[k] as number);
      this.#weights[i] = sum / (factor[i * ORDER + i] as number);
    }
  }
}

/** Normalised least mean squares over its own last inputs. */
class AdaptiveFilter {
  readonly #length: number;
  readonly #rate: number;
  readonly #weights: Float64Array;
  readonly #inputs: Float64Array;
  #at: number;
  #power = 0;

  constructor(length: number, rate: number, count: number) {
    this.#length = length;
    this.#rate = rate;
    this.#weights = new Float64Array(length);
    this.#inputs = new Float64Array(count + length);
    this.#at = length;
  }

  predict(): number {
    const weights = this.#weights;
    const inputs = this.#inputs;
    const from = this.#at - this.#length;
    let even = 0;
    let odd = 0;
    // Two sums, so that one addition need not wait for the other.
    for (let i = 0; i < weights.length; i += 2) {
      even += (weights[i] as number) * (inputs[from + i] as number);
      odd += (weights[i + 1] as number) * (inputs[from + i + 1] as number);
    }
    return even + odd;
  }

  /** @param input the next one; @param error what the prediction of it was off */
  learn(input: number, error: number): void {
    const weights = this.#weights;
    const inputs = this.#inputs;
    const from = this.#at - this.#length;
    const gain = (this.#rate * error) / (this.#power + 1);
    for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) + gain * (inputs[from + i] as number);
    const oldest = inputs[from] as number;
    inputs[this.#at++] = input;
    // The running sum drifts by its roundings; it is taken anew now and then.
    if (this.#at % 64 === 0) this.#power = powerOf(inputs, this.#at - this.#length, this.#at);
    else this.#power = Math.max(0, this.#power + input * input - oldest * oldest);
  }
}

function powerOf(inputs: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (inputs[i] as number) * (inputs[i] as number);
  return sum;
}
