import type { Work } from "./work.ts";

const NOBODY: readonly string[] = [];

/** Of whom a message tells: those on whom something of it was placed, or else whoever wore the device when it came. */
export function patientsOf(work: Work): readonly string[] {
  const { device } = work;
  let only: string | undefined;
  let all: string[] | undefined;
  for (const entry of work.entries) {
    let patientId: string | null | undefined;
    if (entry.kind === "readings") patientId = entry.readings.stream.patientId;
    else if (entry.kind === "waveform") patientId = entry.waveform.stream.patientId;
    else if (entry.kind === "event") patientId = entry.event.patientId;
    if (patientId === undefined || patientId === null || patientId === only) continue;
    if (only === undefined) only = patientId;
    else if (!all) all = [only, patientId];
    else if (!all.includes(patientId)) all.push(patientId);
  }
  if (all) return all;
  only ??= work.placeAt(work.receivedAt)?.patientId;
  if (only === undefined) return NOBODY;
  // The same array for all of a device's messages: they are many, and hardly one is of somebody else.
  if (device.wearer[0] !== only) device.wearer = [only];
  return device.wearer;
}
