import type { PatientView, Stream, Waveform } from "@openward/model";

export interface StreamSummary {
  readonly stream: Stream;
  readonly lastAt: number | null;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  readonly value: number;
  readonly quality: number;
  readonly receivedAt: number;
}

export interface Trend {
  readonly stream: Stream;
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
}

export interface Overview {
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly StreamSummary[]>;
  latest(view: PatientView, patientId: string): readonly Reading[];
  trend(
    view: PatientView,
    query: { patientId: string; streamIds: readonly string[]; from: number; to: number; buckets: number },
  ): Promise<readonly Trend[]>;
  waveform(
    view: PatientView,
    query: { patientId: string; streamId: string; from: number; to: number },
  ): Promise<readonly Waveform[]>;
  waveformOverview(
    view: PatientView,
    query: { patientId: string; streamId: string; from: number; to: number; buckets: number },
  ): Promise<Overview>;
}
