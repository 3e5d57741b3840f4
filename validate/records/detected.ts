import { createQrsDetector } from "@openward/physiology/ecg";
import { eachFrame, type Recording } from "./wfdb.ts";

/** Beats that our own detector finds from all leads: frames, ascending. */
export function detectedBeats(recording: Recording): number[] {
  const { rateHz, signals } = recording;
  const beats: number[] = [];
  const detector = createQrsDetector({ rateHz, leads: signals.length, onBeat: ({ at }) => beats.push(at) });
  eachFrame(recording, detector.push);
  detector.finish();
  return beats.sort((a, b) => a - b);
}
