import type { PatientView, Stream, Waveform } from "@openward/model";
import type { Awaitable } from "./awaitable.ts";
import type { Overview, Trend } from "./telemetry.ts";

/** Readings of one stream, in columns. */
export interface Columns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly quality: Uint8Array;
  /** 0, or n for the n-th further value of the same time. */
  readonly ordinals: Uint16Array;
}

interface SpanOfStream {
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

/** Streams by their own ids. A stream outside the view is as if there were none. */
export interface StreamQueries {
  known(view: PatientView, streamId: string): Stream | undefined;
  newest(
    view: PatientView,
    patientIds: readonly string[],
  ): Awaitable<{
    /** `streams` is an array of this patient's own, the same while it says the same. */
    readonly patients: readonly { readonly patientId: string; readonly streams: readonly Stream[] }[];
    readonly times: Float64Array;
    readonly values: Float64Array;
    readonly receivedAt: Float64Array;
    readonly quality: Uint8Array;
  }>;
  columns(
    view: PatientView,
    streamId: string,
    query: SpanOfStream & {
      readonly isDescending: boolean;
      readonly after?: { readonly time: number; readonly ordinal: number } | undefined;
    },
  ): AsyncIterable<Columns>;
  trends(
    view: PatientView,
    streamIds: readonly string[],
    query: SpanOfStream & { readonly buckets: number },
  ): Promise<readonly Trend[]>;
  line(
    view: PatientView,
    streamId: string,
    query: SpanOfStream & { readonly buckets: number },
  ): Promise<{ readonly times: Float64Array; readonly values: Float64Array }>;
  waveforms(view: PatientView, streamId: string, query: SpanOfStream): AsyncIterable<Waveform>;
  overview(view: PatientView, streamId: string, query: SpanOfStream & { readonly buckets: number }): Promise<Overview>;
}
