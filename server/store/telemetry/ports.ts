import type { PatientView, ReadingVersion, Stream, Waveform } from "@openward/model";

export interface StreamSummary {
  readonly stream: Stream;
  /** Device time of the newest reading or sample; null when there is none yet. */
  readonly lastAt: number | null;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  /** In the stream's unit, as received. */
  readonly value: number;
  /** 0, or n for the n-th further value of the same stream and time. */
  readonly ordinal: number;
  /** Bits of QUALITY. */
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  /** Server time of arrival; after sealing exact to the minute. */
  readonly receivedAt: number;
  /** Where somebody amended it, and `withErrors` was asked for; `value` is then what this says, NaN for none. */
  readonly amended?: ReadingVersion;
}

/** A place in a merged order of readings: (time, stream, ordinal). */
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
  /** Start behind this key, for paging. */
  readonly after?: ReadingKey;
  /** Also what was entered in error or turned out to be another patient's, without its value. */
  readonly withErrors?: boolean;
}

/** Equal buckets of one numeric stream; NaN where nothing was measured; values in the stream's unit. */
export interface Trend {
  readonly stream: Stream;
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
}

export interface WaveformOverview {
  readonly starts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

export interface TrendQuery {
  readonly patientId: string;
  readonly streamIds: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

export interface WaveformQuery {
  readonly patientId: string;
  readonly streamId: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Reading what was measured, from memory, blocks and archive as one. Every call takes the view of who asks;
 * a patient outside it is as if there were none: empty, never an error that tells the difference.
 */
export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly StreamSummary[]>;
  /** One stream by its id (FHIR: DeviceMetric/{id}); undefined too when its patient is outside the view. */
  stream(view: PatientView, streamId: string): Promise<StreamSummary | undefined>;
  /** Newest reading of each numeric stream, from memory. */
  latest(view: PatientView, patientId: string): readonly Reading[];
  readings(view: PatientView, query: ReadingsQuery): Promise<readonly Reading[]>;
  reading(view: PatientView, streamId: string, time: number, ordinal: number): Promise<Reading | undefined>;
  trend(view: PatientView, query: TrendQuery): Promise<readonly Trend[]>;
  /** Pieces that overlap [from, to), cut to it, in order; a gap in time begins a new piece. */
  waveform(view: PatientView, query: WaveformQuery): Promise<readonly Waveform[]>;
  waveformOverview(view: PatientView, query: WaveformQuery & { readonly buckets: number }): Promise<WaveformOverview>;
}
