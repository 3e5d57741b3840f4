import { addChunk, endOfRun, isRounding, timeOfSample, type WaveformRun } from "./waveform-runs.ts";

/** The recent window of one waveform stream: chunks ordered by start. A chunk that is there already is not taken twice. */
export class WaveformTail {
  #runs: WaveformRun[] = [];
  #end = Number.NEGATIVE_INFINITY;
  /** Time of the newest sample, also when it has left the window; -Infinity when there never was one. */
  newestTime = Number.NEGATIVE_INFINITY;
  /** Arrival of the chunk that has it. */
  newestReceivedAt = Number.NEGATIVE_INFINITY;
  /** Everything from this time on is here; earlier samples may be in blocks alone. */
  completeFrom = Number.NEGATIVE_INFINITY;

  get length(): number {
    return this.#runs.length;
  }

  /** @returns the parts that were not there before */
  insert(chunk: WaveformRun): readonly WaveformRun[] {
    if (chunk.samples.length === 0) return [];
    // A view into a whole message would keep the message.
    const { samples } = chunk;
    const run = samples.buffer.byteLength > samples.byteLength + 64 ? { ...chunk, samples: samples.slice() } : chunk;
    let added: readonly WaveformRun[];
    if (run.start >= this.#end || isRounding(run.start - this.#end, run.rateHz)) {
      this.#runs.push(run);
      added = [run];
    } else {
      added = addChunk(this.#runs, run);
    }
    this.#end = Math.max(this.#end, endOfRun(run));
    this.remember(timeOfSample(run, run.samples.length - 1), run.receivedAt);
    return added;
  }

  remember(newestTime: number, receivedAt: number): void {
    if (newestTime < this.newestTime) return;
    this.newestTime = newestTime;
    this.newestReceivedAt = Math.max(receivedAt, this.newestReceivedAt);
  }

  /** Runs that overlap [from, to), whole, ordered by start. */
  overlapping(from: number, to: number): readonly WaveformRun[] {
    return this.#runs.filter((run) => run.start < to && endOfRun(run) > from);
  }

  /** Let go of the runs that end before `time`. */
  dropBefore(time: number): void {
    this.completeFrom = Math.max(this.completeFrom, time);
    this.#runs = this.#runs.filter((run) => endOfRun(run) > time);
  }
}
