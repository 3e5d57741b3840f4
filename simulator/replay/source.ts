import type { ChannelPlan } from "@openward/codecs/files";
import type { Outgoing } from "../connection.ts";

/** What becomes of one channel (WFDB) or column (CSV) of a recording. */
export type ReplayChannel = ChannelPlan;

export interface ReplayItem {
  /** When the last of it was measured, milliseconds from the start of the recording: a device cannot send it before. */
  readonly endOffsetMs: number;
  readonly message: Outgoing;
  readonly readings: number;
  readonly samples: number;
  /** Of the samples, those for which the recording has no value. */
  readonly absentSamples: number;
}

/** A recording that has been read through once and found whole. */
export interface ReplaySource {
  readonly format: "wfdb" | "csv";
  readonly channels: readonly ReplayChannel[];
  readonly durationMs: number;
  /** In order of `endOffsetMs`. @param startAt device time of the recording's start, ms UTC */
  items(startAt: number): AsyncGenerator<ReplayItem>;
}
