import { ABSENT_SAMPLE, type Waveform } from "@openward/model";
import type { Trend } from "../../../server/store/telemetry/index.ts";
import type { SentWaveform } from "../messages.ts";
import { isPossible, type Oracle, type Said } from "../oracle.ts";
import type { Invariant, World } from "../world.ts";

/** Holds a trend against buckets counted from what was said; while something is under way, its bounds. */
export function checkTrend(world: World, oracle: Oracle, trend: Trend, to: number, sure: ReadonlySet<Said>): void {
  const { starts, count, min, max, mean, stream } = trend;
  const inRange = oracle.between(stream.id, starts[0] ?? to, to).sort((a, b) => a.reading.time - b.reading.time);
  let next = 0;
  for (let i = 0; i < starts.length; i++) {
    const from = starts[i] as number;
    const end = starts[i + 1] ?? to;
    const first = next;
    while ((inRange[next]?.reading.time ?? end) < end) next++;
    const all = inRange.slice(first, next);
    const least = all.filter((said) => sure.has(said)).map(({ reading }) => reading.value);
    const most = all.filter(isPossible).length;
    const found = count[i] as number;
    const where = `${stream.signal} from ${from} to ${end}`;
    if (found < least.length) world.break("merged", `${where} counts ${found}, not ${least.length}`);
    if (found > most) world.break("merged", `${where} counts ${found}, and only ${most} were sent`);
    if (least.length !== most || most === 0) continue;
    if (min[i] !== Math.min(...least) || max[i] !== Math.max(...least))
      world.break("merged", `${where} is from ${min[i]} to ${max[i]}`);
    const exact = least.reduce((sum, value) => sum + value, 0) / least.length;
    if (Math.abs((mean[i] as number) - exact) > 1e-9 * Math.abs(exact))
      world.break("merged", `${where} is ${mean[i]} on average, not ${exact}`);
  }
}

/** Holds the pieces of a waveform against what was said, sample by sample. */
export function checkWaveform(
  world: World,
  oracle: Oracle,
  pieces: readonly Waveform[],
  asked: { streamId: string; from: number; to: number; sure: ReadonlySet<SentWaveform>; missing: Invariant },
): void {
  const { streamId, from, to, sure, missing } = asked;
  const found = new Map<number, number>();
  const owners = new Map<number, string>();
  for (const piece of pieces) {
    if (piece.scale !== 0.005 || piece.origin !== 0 || piece.stream.unit !== "mV" || piece.stream.id !== streamId)
      world.break("exact", `a piece at ${piece.start} has another scale or stream`);
    piece.samples.forEach((sample, i) => {
      const time = piece.start + (i * 1_000) / piece.rateHz;
      if (found.has(time)) world.break("once", `a sample at ${time} is there twice`);
      found.set(time, sample);
      owners.set(time, piece.associationId);
    });
  }
  for (const { waveform, message } of oracle.waveforms(streamId)) {
    waveform.samples.forEach((sample, i) => {
      const time = waveform.start + i * waveform.stepMs;
      if (time < from || time >= to) return;
      const there = found.get(time);
      if (there === undefined) {
        if (sure.has(waveform)) world.break(missing, `a sample at ${time} of message ${message.id} is missing`);
        return;
      }
      found.delete(time);
      if (there !== sample) world.break("exact", `the sample at ${time} is ${there}, not ${sample}`);
      if (owners.get(time) !== waveform.associationId) world.break("patient", `the sample at ${time} is another's`);
      if (message.deliveries.length === 0) world.break("sent", `the sample at ${time} was not sent yet`);
    });
  }
  for (const [time, sample] of found)
    if (sample !== ABSENT_SAMPLE) world.break("sent", `a sample ${sample} at ${time}`);
}
