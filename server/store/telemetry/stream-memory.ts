import type { Readings, Stream, Waveform } from "@openward/model";
import {
  lowerBound,
  NumericTail,
  type TailMemory,
  tailBytesOf,
  timeOfSample,
  type WaveformRun,
  WaveformTail,
} from "@openward/timeseries";
import { PERIOD_MS, periodOf } from "./periods.ts";

/** What a period holds that is not in a block yet. */
export interface Unsealed {
  /** The least position in the journal of any of it. */
  first: number;
  /** Its earliest time. */
  oldest: number;
}

/** One stream in memory: its tail, and which periods must still be sealed. */
export class StreamMemory {
  readonly stream: Stream;
  readonly periodMs: number;
  readonly numeric: NumericTail | undefined;
  readonly waveform: WaveformTail | undefined;
  /** By start of the period. */
  readonly unsealed = new Map<number, Unsealed>();
  /** Taken by the sealer, not yet committed: still to be read from the tail. */
  readonly sealing = new Map<number, Unsealed>();
  #sealings = 0;
  /** When each period's sealing last began or ended, counted in such turns; of those that are not in it, at most `#floor`. */
  readonly #turns = new Map<number, number>();
  #floor = 0;
  /** Server time of the newest arrival. */
  lastReceivedAt = Number.NEGATIVE_INFINITY;
  readonly #memory: TailMemory;
  /** Of samples, as far as they are counted. */
  #waveformBytes = 0;
  #period = Number.NaN;
  #current: Unsealed | undefined;

  constructor(stream: Stream, completeFrom: number, memory: TailMemory) {
    this.stream = stream;
    this.#memory = memory;
    this.periodMs = PERIOD_MS[stream.kind];
    this.numeric = stream.kind === "numeric" ? new NumericTail(memory) : undefined;
    this.waveform = stream.kind === "waveform" ? new WaveformTail() : undefined;
    this.tail.completeFrom = completeFrom;
  }

  get tail(): NumericTail | WaveformTail {
    return (this.numeric ?? this.waveform) as NumericTail | WaveformTail;
  }

  addReadings(readings: Omit<Readings, "stream">, position: number): void {
    const { times, values, quality, utcOffsetMinutes, receivedAt, associationId } = readings;
    if (receivedAt > this.lastReceivedAt) this.lastReceivedAt = receivedAt;
    for (let i = 0; i < times.length; ) {
      const taken = this.numeric?.insertRun(readings, i) ?? 0;
      if (taken > 0) {
        this.#touchRun(times, i, i + taken, position);
        i += taken;
        continue;
      }
      const [time, value, bits] = [times[i] as number, values[i] as number, quality[i] as number];
      this.addReading(time, value, bits, utcOffsetMinutes, receivedAt, associationId, position);
      i++;
    }
  }

  addReading(
    time: number,
    value: number,
    quality: number,
    utcOffsetMinutes: number | null,
    receivedAt: number,
    associationId: string,
    position: number,
  ): void {
    if (receivedAt > this.lastReceivedAt) this.lastReceivedAt = receivedAt;
    if (this.numeric?.insert(time, value, quality, utcOffsetMinutes, receivedAt, associationId) === "duplicate") return;
    this.#touch(time, position);
  }

  addWaveform(waveform: Omit<Waveform, "stream">, position: number): void {
    if (waveform.receivedAt > this.lastReceivedAt) this.lastReceivedAt = waveform.receivedAt;
    const { associationId, start, rateHz, scale, origin, samples, quality, utcOffsetMinutes, receivedAt } = waveform;
    const chunk = { associationId, start, rateHz, scale, origin, samples, quality, utcOffsetMinutes, receivedAt };
    for (const run of this.waveform?.insert(chunk) ?? []) {
      this.#countWaveform(bytesOfRun(run));
      const last = periodOf(timeOfSample(run, run.samples.length - 1), this.periodMs);
      for (let period = periodOf(run.start, this.periodMs); period <= last; period += this.periodMs) {
        this.#touch(Math.max(period, run.start), position);
      }
    }
  }

  /** Let go of what is older, in memory; the newest stays known. */
  dropBefore(time: number): void {
    this.tail.dropBefore(time);
    if (this.waveform) this.#countWaveform(this.#bytesOfWaveform() - this.#waveformBytes);
  }

  /** Nobody reads it any more. */
  close(): void {
    this.numeric?.clear();
    this.waveform?.dropBefore(Number.POSITIVE_INFINITY);
    this.#countWaveform(-this.#waveformBytes);
  }

  /** What letting go of everything would give back, about. */
  get bytes(): number {
    return this.waveform ? this.#waveformBytes : tailBytesOf(this.numeric?.length ?? 0);
  }

  #bytesOfWaveform(): number {
    const runs = this.waveform?.overlapping(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) ?? [];
    return runs.reduce((sum, run) => sum + bytesOfRun(run), 0);
  }

  #countWaveform(bytes: number): void {
    this.#waveformBytes += bytes;
    this.#memory.count(bytes);
  }

  isUnsealed(period: number): boolean {
    return this.unsealed.has(period) || this.sealing.has(period);
  }

  /** The earliest time that is in no block; Infinity when everything is. */
  oldestUnsealed(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const each of this.unsealed.values()) oldest = Math.min(oldest, each.oldest);
    for (const each of this.sealing.values()) oldest = Math.min(oldest, each.oldest);
    return oldest;
  }

  /** The least journal position that is in no block; Infinity when everything is. */
  firstUnsealed(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const each of this.unsealed.values()) first = Math.min(first, each.first);
    for (const each of this.sealing.values()) first = Math.min(first, each.first);
    return first;
  }

  /** Changes whenever a sealing of the period begins or ends: what was read of its blocks before may not be so any more. */
  sealingOf(period: number): number {
    return this.#turns.get(period) ?? this.#floor;
  }

  #turn(period: number): void {
    this.#turns.delete(period);
    this.#turns.set(period, ++this.#sealings);
    if (this.#turns.size <= TURNS_MAX) return;
    for (const [oldest, turn] of this.#turns) {
      this.#turns.delete(oldest);
      this.#floor = turn;
      return;
    }
  }

  /** The sealer takes a period; what comes in from now on is a matter of its own. */
  beginSealing(period: number): void {
    const taken = this.unsealed.get(period);
    if (!taken) return;
    this.#turn(period);
    this.unsealed.delete(period);
    this.sealing.set(period, taken);
    this.#period = Number.NaN;
  }

  /** @param isDone false: it must be sealed again */
  endSealing(period: number, isDone: boolean): void {
    const taken = this.sealing.get(period);
    if (!taken) return;
    this.#turn(period);
    this.sealing.delete(period);
    if (isDone) return;
    const since = this.unsealed.get(period);
    if (since) {
      since.first = Math.min(since.first, taken.first);
      since.oldest = Math.min(since.oldest, taken.oldest);
    } else {
      this.unsealed.set(period, taken);
    }
    this.#period = Number.NaN;
  }

  /** Readings in order; a period is touched by its first. */
  #touchRun(times: Float64Array, from: number, to: number, position: number): void {
    const last = times[to - 1] as number;
    for (let i = from; i < to; ) {
      const time = times[i] as number;
      this.#touch(time, position);
      const end = periodOf(time, this.periodMs) + this.periodMs;
      i = last < end ? to : lowerBound(times, end, i, to);
    }
  }

  #touch(time: number, position: number): void {
    const offset = time - this.#period;
    if (this.#current && offset >= 0 && offset < this.periodMs) {
      if (time < this.#current.oldest) this.#current.oldest = time;
      return;
    }
    const period = periodOf(time, this.periodMs);
    let unsealed = this.unsealed.get(period);
    if (!unsealed) {
      unsealed = { first: position, oldest: time };
      this.unsealed.set(period, unsealed);
    }
    if (time < unsealed.oldest) unsealed.oldest = time;
    this.#period = period;
    this.#current = unsealed;
  }
}

const RUN_BYTES = 200;
/** A day and a half of hours. */
const TURNS_MAX = 36;

function bytesOfRun(run: WaveformRun): number {
  return run.samples.byteLength + RUN_BYTES;
}
