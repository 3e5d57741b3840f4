import { ABSENT_SAMPLE } from "../../waveform.ts";
import type { WfdbFolder } from "./bytes.ts";
import { formatOf, openGroup, type SignalGroup } from "./group.ts";
import type { WfdbHeader, WfdbSignal } from "./header.ts";

/** Samples of the chosen signals, all of the same frames, ADC units; ABSENT_SAMPLE where there is none. */
export interface WfdbBlock {
  /** First frame of the block, counted from the start of the record. */
  readonly startFrame: number;
  readonly frames: number;
  readonly channels: readonly { readonly signal: WfdbSignal; readonly samples: Int32Array }[];
}

export interface SignalSum {
  readonly file: string;
  readonly signal: WfdbSignal;
  readonly checksum: number;
  readonly firstValue: number | null;
  readonly samples: number;
}

export interface ReadOptions {
  /** Frames of a block; blocks start at multiples of it on the record's own time line. */
  readonly blockFrames: number;
  /** Signals to read; a file of which none is chosen is not opened. */
  readonly choose?: (signal: WfdbSignal) => boolean;
  /** Called after the last frame of each file, its checksums being right. */
  readonly onRead?: (sums: readonly SignalSum[], surplusBytes: number) => void;
}

/** Read one segment (or a whole single-segment record), which begins at frame `from` of the record. */
export async function* readSegment(
  folder: WfdbFolder,
  header: WfdbHeader,
  from: number,
  options: ReadOptions,
): AsyncGenerator<WfdbBlock> {
  const chosen = (signal: WfdbSignal) => signal.fileName !== "~" && (options.choose?.(signal) ?? true);
  const grouped = groupByFile(header.signals).filter((signals) => signals.some(chosen));
  for (const signals of grouped) formatOf(header, signals);
  const groups: SignalGroup[] = [];
  try {
    for (const signals of grouped) groups.push(await openGroup(folder, header, signals));
    const end = header.frames ?? Number.POSITIVE_INFINITY;
    const take = deskewed(groups, chosen, end);
    let at = 0;
    while (at < end && groups.length > 0) {
      const aligned = options.blockFrames - ((from + at) % options.blockFrames);
      const frames = Math.min(aligned, end - at);
      const block = await take(frames);
      if (block.frames > 0) yield { startFrame: from + at, ...block };
      at += block.frames;
      if (block.frames < frames) break;
    }
    for (const group of groups) {
      group.finish();
      if (!options.onRead) continue;
      const sums = group.sums();
      const surplus = await group.surplusBytes();
      options.onRead(
        group.signals.map((signal, i) => ({ file: signal.fileName, signal, ...sums[i]! })),
        surplus,
      );
    }
  } finally {
    for (const group of groups) group.close();
  }
}

interface Queue {
  readonly signal: WfdbSignal;
  readonly group: number;
  readonly index: number;
  /** Samples read ahead of the others, because this signal is skewed. */
  ahead: Int32Array;
  toDrop: number;
}

/**
 * Lines the signals up: the first `skew` frames of a signal precede frame 0 and are dropped (they count in the
 * checksum), and as many are missing at its end.
 */
function deskewed(groups: readonly SignalGroup[], chosen: (signal: WfdbSignal) => boolean, end: number) {
  const queues: Queue[] = groups.flatMap((group, g) =>
    group.signals.flatMap((signal, index) =>
      chosen(signal)
        ? [{ signal, group: g, index, ahead: new Int32Array(0), toDrop: signal.skew * signal.samplesPerFrame }]
        : [],
    ),
  );
  // The files are read on time; what a skewed signal lacks for the block is taken from frames read ahead.
  let lead = Math.max(0, ...groups.flatMap((g) => g.signals.map((s) => s.skew)));
  const maxSkew = lead;
  let readFrames = 0;
  let givenFrames = 0;

  return async (frames: number): Promise<{ frames: number; channels: WfdbBlock["channels"] }> => {
    const wanted = Math.min(frames + lead, end - readFrames);
    lead = 0;
    const parts = await Promise.all(groups.map((group) => group.read(wanted)));
    const got = Math.min(...queues.map((q) => parts[q.group]![q.index]!.length / q.signal.samplesPerFrame));
    readFrames += got;
    for (const queue of queues) enqueue(queue, parts[queue.group]![queue.index]!);
    const out = maxSkew > 0 ? Math.min(frames, readFrames - givenFrames) : got;
    givenFrames += out;
    return { frames: out, channels: queues.map((queue) => ({ signal: queue.signal, samples: dequeue(queue, out) })) };
  };
}

function enqueue(queue: Queue, samples: Int32Array): void {
  const dropped = Math.min(queue.toDrop, samples.length);
  queue.toDrop -= dropped;
  const kept = samples.subarray(dropped);
  if (queue.ahead.length === 0) {
    queue.ahead = kept;
    return;
  }
  const joined = new Int32Array(queue.ahead.length + kept.length);
  joined.set(queue.ahead);
  joined.set(kept, queue.ahead.length);
  queue.ahead = joined;
}

function dequeue(queue: Queue, frames: number): Int32Array {
  const count = frames * queue.signal.samplesPerFrame;
  if (queue.ahead.length >= count) {
    const out = queue.ahead.subarray(0, count);
    queue.ahead = queue.ahead.subarray(count);
    return out;
  }
  const out = new Int32Array(count).fill(ABSENT_SAMPLE);
  out.set(queue.ahead);
  queue.ahead = new Int32Array(0);
  return out;
}

export function groupByFile(signals: readonly WfdbSignal[]): WfdbSignal[][] {
  const groups: WfdbSignal[][] = [];
  for (const signal of signals) {
    const last = groups.at(-1);
    if (last && last[0]!.fileName === signal.fileName) last.push(signal);
    else groups.push([signal]);
  }
  return groups;
}
