import { type DecodedWaveform, isReceivers } from "@openward/codecs";
import { ABSENT_SAMPLE, QUALITY } from "@openward/model";
import { type Definition, isPlausible, plausibleRange } from "./definitions.ts";
import { refuseTime, retimed } from "./retime.ts";
import { MAX_STREAMS, type Streams } from "./streams.ts";
import {
  CLOCK_EXPECTED,
  enter,
  FROM_SERVER,
  isElsewhere,
  PLACE_EXPECTED,
  sight,
  TIME_EXPECTED,
  timeFault,
  type Work,
} from "./work.ts";

/** Places one piece of a waveform, whole or not at all. */
export function placeWaveform(work: Work, piece: DecodedWaveform, definition: Definition, streams: Streams): void {
  const { item, samples, rateHz } = piece;
  if (work.isWanted && !work.isWanted(item, "samples")) return;
  const durationMs = (samples.length * 1000) / rateHz;
  if (isImpossible(piece, definition)) {
    work.problems.add("VALUE_IMPLAUSIBLE", "samples", item, item, 1, plausibleRange(definition));
    return;
  }
  let { start } = piece;
  let quality = work.quality | (piece.quality ?? 0);
  let isDevices = !isReceivers(quality);
  if (isDevices && !work.retiming) sight(work, Math.floor(start + durationMs));
  if (work.retiming && isDevices && !Number.isNaN(start)) {
    const found = retimed(work.retiming, start);
    if (typeof found === "string") {
      refuseTime(work, found, item);
      return;
    }
    start = found.isCorrected ? found.time : start;
    isDevices = !found.isCorrected;
    if (found.isMarked) quality |= QUALITY.clockWrong;
  }
  const said = start;
  if (Number.isNaN(start)) {
    // The last sample is the newest: it was measured when the message came.
    start = work.stamp() - durationMs;
    quality |= FROM_SERVER;
  } else {
    const faultOf = () => timeFault(work, start) ?? timeFault(work, start + durationMs);
    if (work.shiftMs !== undefined && (work.shiftsAll || faultOf())) {
      start += work.shiftMs;
      quality |= FROM_SERVER;
    }
    const fault = faultOf();
    if (fault) {
      work.problems.add(fault, "start", item, item, 1, TIME_EXPECTED[fault]);
      return;
    }
    if (isDevices && start === said && !(start + durationMs <= work.newest))
      work.newest = Math.floor(start + durationMs);
  }
  const place = work.placeAt(start);
  const last = work.placeAt(start + durationMs - 1000 / rateHz);
  if (!place || !last) {
    const code = place === last ? "NO_ASSOCIATION" : "ASSOCIATION_SPLIT";
    work.problems.add(code, "start", item, item, 1, PLACE_EXPECTED);
    return;
  }
  if (place.id !== last.id) {
    work.problems.add("ASSOCIATION_SPLIT", "start", item, item, 1, "a piece that lies within one association");
    return;
  }
  const { clockOffsetMs } = work;
  if (clockOffsetMs !== 0 && isDevices && start === said) {
    const ends = [start, start + durationMs].map((time) => time - clockOffsetMs);
    if (ends.some((time) => isElsewhere(work, place, time))) {
      work.problems.add("ASSOCIATION_AMBIGUOUS", "start", item, item, 1, CLOCK_EXPECTED);
      return;
    }
  }
  const { organisationId, deviceId, receivedAt } = work;
  const { signal, unit } = definition;
  const slot = streams.slot(work.device, organisationId, deviceId, place.patientId, signal.key, unit, "waveform");
  if (!slot) {
    work.problems.add("STREAM_LIMIT", "signal", item, item, 1, `at most ${MAX_STREAMS} signals and units`);
    return;
  }
  enter(work, slot);
  work.entries.push({
    kind: "waveform",
    waveform: {
      stream: slot.stream,
      associationId: place.id,
      start,
      rateHz,
      scale: piece.scale,
      origin: piece.origin,
      samples,
      quality,
      utcOffsetMinutes: piece.utcOffsetMinutes,
      receivedAt,
    },
  });
  work.accepted++;
}

/**
 * Single samples off the scale are artefact, and part of what was recorded. A piece of which nothing lies within what
 * the signal can be is a wrong unit or scale.
 */
function isImpossible({ samples, scale, origin }: DecodedWaveform, definition: Definition): boolean {
  let isAllAbsent = true;
  for (const sample of samples) {
    if (sample === ABSENT_SAMPLE) continue;
    isAllAbsent = false;
    if (isPlausible(definition, sample * scale + origin)) return false;
  }
  return !isAllAbsent;
}
