import type {
  Association,
  Device,
  Organisation,
  Patient,
  PatientView,
  Principal,
  Stream,
  Waveform,
} from "@openward/model";

/** Who asks, and in which organisation. */
export interface Authenticated {
  readonly principal: Principal;
  readonly organisation: Organisation;
}

/** The door: who asks, and which patients they may see. */
export interface Access {
  authenticate(headers: {
    cookie?: string | undefined;
    authorization?: string | undefined;
  }): Promise<Authenticated | undefined>;
  viewOf(principal: Principal): Promise<PatientView>;
}

export interface Patients {
  /** Every patient of the organisation, admitted or not; the view decides which of them are shown. */
  list(
    organisationId: string,
    options: { all: boolean; q?: string },
  ): Promise<readonly { readonly patient: Patient }[]>;
  find(organisationId: string, patientId: string): Promise<{ readonly patient: Patient } | undefined>;
}

export interface DeviceRecord {
  readonly device: Device;
  readonly association: Association | null;
}

export interface Devices {
  list(organisationId: string): Promise<readonly DeviceRecord[]>;
  find(organisationId: string, deviceId: string): Promise<DeviceRecord | undefined>;
}

export interface StreamSummary {
  readonly stream: Stream;
  readonly lastAt: number | null;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  /** In the stream's unit, as received. */
  readonly value: number;
  readonly ordinal: number;
  /** Bits of QUALITY. */
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

export interface ReadingKey {
  readonly time: number;
  readonly streamId: string;
  readonly ordinal: number;
}

export interface ReadingsQuery {
  readonly patientId: string;
  readonly streamIds: readonly string[];
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly order: "ascending" | "descending";
  readonly limit: number;
  readonly after?: ReadingKey;
}

export interface WaveformQuery {
  readonly patientId: string;
  readonly streamId: string;
  readonly from: number;
  readonly to: number;
}

/** What was measured. A patient outside the view is as if there were none. */
export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly StreamSummary[]>;
  stream(view: PatientView, streamId: string): Promise<StreamSummary | undefined>;
  readings(view: PatientView, query: ReadingsQuery): Promise<readonly Reading[]>;
  reading(view: PatientView, streamId: string, time: number, ordinal: number): Promise<Reading | undefined>;
  /** Pieces that overlap [from, to), cut to it, in order; a gap in time begins a new piece. */
  waveform(view: PatientView, query: WaveformQuery): Promise<readonly Waveform[]>;
  /** NaN (or no bucket) where nothing was measured: tells where samples are without reading them. */
  waveformOverview(
    view: PatientView,
    query: WaveformQuery & { readonly buckets: number },
  ): Promise<{ readonly starts: Float64Array; readonly min: Float64Array }>;
}
