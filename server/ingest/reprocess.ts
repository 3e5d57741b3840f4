import {
  type DecodedEvent,
  type DecodedWaveform,
  decodeEvent,
  decodeReadings,
  decodeWaveform,
  type ReadingColumn,
} from "@openward/codecs";
import type { Decoded } from "@openward/codecs/raw";
import type { Millis, Problem, QuarantineEntry } from "@openward/model";
import { REST } from "./problems.ts";
import { EARLIEST } from "./work.ts";

/** A person says whose quarantined data this is. */
export interface Claim {
  readonly patientId: string;
  /** The association that the claim stands for; left out: one of its own, named after the entry. */
  readonly associationId?: string;
  /** Impossible times become the time of arrival; the distances between them stay. */
  readonly useReceivedTime: boolean;
}

export interface ClaimResult {
  readonly accepted: number;
  /** What could not be placed even so. */
  readonly quarantined: readonly Problem[];
}

/** Was this value quarantined? What was accepted at the time belongs to its patient already and is not given to another. */
export function wanted(problems: readonly Problem[]): (item: number, field: string) => boolean {
  return (item, field) =>
    problems.some((problem) => {
      if (item < problem.index || item > (problem.through ?? problem.index)) return false;
      if (problem.field === REST || problem.field === "at" || problem.field === "") return true;
      return problem.field === field || problem.field.startsWith(`${field}.`) || !field.startsWith("values.");
    });
}

/** Stretches of the message in which problems were counted and not listed: accepted values may lie between. */
export function isVague(problems: readonly Problem[], item: number): boolean {
  return problems.some(({ field, index, through }) => field === REST && item >= index && item <= (through ?? index));
}

/**
 * What must be added to the impossible times of a message so that the last of them is the time of arrival.
 *
 * @param decode what raw bytes hold
 * @param isClockWrong the times that look possible are none either
 */
export function shiftOf(
  entry: QuarantineEntry,
  format: string,
  latest: Millis,
  decode: () => Decoded,
  isClockWrong = false,
): number | undefined {
  let last = Number.NEGATIVE_INFINITY;
  const look = (time: number) => {
    if ((isClockWrong || time > latest || time < EARLIEST) && time > last) last = time;
  };
  const lookAt = ({ columns = [], waveforms = [], events = [] }: Timed) => {
    for (const { times } of columns) for (const time of times) look(time);
    for (const { start, samples, rateHz } of waveforms) look(Math.ceil(start + (samples.length * 1000) / rateHz));
    for (const { at } of events) look(at);
  };
  if (entry.kind === "readings") lookAt(decodeReadings(entry.raw, format));
  else if (entry.kind === "waveform") lookAt(decodeWaveform(entry.raw, format));
  else if (entry.kind === "event") lookAt(decodeEvent(entry.raw, format));
  else if (entry.kind === "raw") {
    const { readings: columns, waveforms, events } = decode();
    lookAt({ columns, waveforms, events });
  }
  return last === Number.NEGATIVE_INFINITY ? undefined : entry.receivedAt - last;
}

interface Timed {
  readonly columns?: readonly ReadingColumn[];
  readonly waveforms?: readonly DecodedWaveform[];
  readonly events?: readonly DecodedEvent[];
}
