/** The last beats of one signal, with what is needed to judge them; nothing is allocated when one comes. */
export class BeatRing {
  readonly #times = new Float64Array(MOST);
  readonly #likes = new Float32Array(MOST);
  readonly #likesBefore = new Float32Array(MOST);
  readonly #sizes = new Float32Array(MOST);
  #count = 0;

  add({ time, like, likeBefore, size }: ChannelBeat): void {
    const at = this.#count++ % MOST;
    this.#times[at] = time;
    this.#likes[at] = like;
    this.#likesBefore[at] = likeBefore;
    this.#sizes[at] = size;
  }

  /** In order of time, from and to included. */
  between(from: number, to: number): ChannelBeat[] {
    const found: ChannelBeat[] = [];
    for (let i = Math.max(this.#count - MOST, 0); i < this.#count; i++) {
      const time = this.#times[i % MOST] as number;
      if (time < from || time > to) continue;
      const [like, likeBefore, size] = [this.#likes, this.#likesBefore, this.#sizes].map((all) => all[i % MOST]);
      found.push({ time, like: like as number, likeBefore: likeBefore as number, size: size as number });
    }
    return found.sort((a, b) => a.time - b.time);
  }
}

/** Most of a minute at 160/min, more than half of one at any rate. */
const MOST = 160;

export interface ChannelBeat {
  /** Seconds. */
  readonly time: number;
  /** Correlation with the usual one, -1 to 1; NaN where that is not known. */
  readonly like: number;
  /** Correlation with the one before. */
  readonly likeBefore: number;
  /** Unit of the signal. */
  readonly size: number;
}
