import type { PatientView, Stream } from "@openward/model";

/** What is known of a device beside its readings. */
export interface HomeDevice {
  readonly display: string;
  readonly manufacturer: string | null;
  readonly model: string | null;
}

export interface HomeReading {
  readonly stream: Stream;
  readonly time: number;
  readonly value: number;
}

/** What Home Assistant is told of a patient's devices. */
export interface HomeFacts {
  /** Numeric streams of the patient that are seen, of devices that they wear now. */
  streams(view: PatientView, patientId: string): Promise<readonly Stream[]>;
  device(deviceId: string, organisationId: string): Promise<HomeDevice | undefined>;
  /** How often it is expected to speak; null: nobody expects anything. */
  intervalMs(streamId: string): number | null;
  /** The newest reading of each stream, as it counts today. */
  latest(view: PatientView, patientId: string): readonly HomeReading[];
  /** Told when a device came onto a patient or left them, or a new stream is there. */
  onDevices(listener: (patientId: string) => void): () => void;
}
