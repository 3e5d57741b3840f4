import type { Stream } from "@openward/model";
import { type ClockTrack, newClockTrack } from "./clock-track.ts";
import { type DeviceClock, newDeviceClock } from "./device-clock.ts";
import { streamId } from "./ids.ts";
import type { Directory } from "./ports.ts";

/** A unit may be written in endless ways, and each would be a stream of its own. */
export const MAX_STREAMS = 256;
/** Patients of one device whose streams are kept at hand. */
const PATIENTS_AT_HAND = 4;

export interface Slot {
  readonly stream: Stream;
  /** It stands in the journal: readings may be written without it. */
  isKnown: boolean;
}

/** What is kept per device, so that a message costs look-ups and nothing is made anew. */
export interface DeviceState {
  readonly slots: Map<string, Map<string, Slot[]>>;
  readonly clock: ClockTrack;
  readonly known: DeviceClock;
  /** Whom its message before told of, where that was one patient. */
  wearer: readonly string[];
}

export interface Streams {
  device(deviceId: string): DeviceState;
  /** Of every device that is known here. */
  clocks(): Iterable<readonly [deviceId: string, clock: DeviceClock]>;
  /** undefined: the device has too many. */
  slot(
    device: DeviceState,
    organisationId: string,
    deviceId: string,
    patientId: string,
    signal: string,
    unit: string,
    kind: Stream["kind"],
  ): Slot | undefined;
}

export function createStreams(directory: Directory): Streams {
  const devices = new Map<string, DeviceState>();

  return {
    device(deviceId) {
      let device = devices.get(deviceId);
      if (!device) {
        device = { slots: new Map(), clock: newClockTrack(), known: newDeviceClock(), wearer: [] };
        devices.set(deviceId, device);
      }
      return device;
    },
    *clocks() {
      for (const [deviceId, { known }] of devices) yield [deviceId, known] as const;
    },
    slot(device, organisationId, deviceId, patientId, signal, unit, kind) {
      let ofPatient = device.slots.get(patientId);
      if (!ofPatient) {
        ofPatient = new Map();
        device.slots.set(patientId, ofPatient);
        const oldest = device.slots.keys().next().value;
        if (device.slots.size > PATIENTS_AT_HAND && oldest !== undefined) device.slots.delete(oldest);
      }
      let ofSignal = ofPatient.get(signal);
      if (ofSignal) {
        for (const slot of ofSignal) if (slot.stream.unit === unit && slot.stream.kind === kind) return slot;
      }
      let count = 0;
      for (const slots of ofPatient.values()) count += slots.length;
      if (count >= MAX_STREAMS) return undefined;
      const facts = { organisationId, patientId, deviceId, signal, kind, unit };
      const stream: Stream = { id: streamId(facts), ...facts };
      const slot: Slot = { stream, isKnown: directory.knowsStream(stream.id) };
      if (!ofSignal) {
        ofSignal = [];
        ofPatient.set(signal, ofSignal);
      }
      ofSignal.push(slot);
      return slot;
    },
  };
}
