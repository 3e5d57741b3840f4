import type { Association, FleetEvidence, PatientView, Principal, Span, Stream } from "@openward/model";
import type { NumericColumns } from "@openward/timeseries";

export type Asker = string | Pick<Principal, "organisationId" | "id">;

export interface Tables {
  worn(
    asker: Asker,
    of: { readonly patientIds: readonly string[] } | { readonly deviceIds: readonly string[] },
    span: Span,
  ): Promise<Association[]>;
  /** What people confirmed of how often streams of these patients must speak, ms; null: nobody expects anything. */
  confirmed(asker: Asker, patientIds: readonly string[]): Promise<ReadonlyMap<string, number | null>>;
  zones(asker: Asker, patientIds: readonly string[]): Promise<{ patientId: string; from: number; timeZone: string }[]>;
  evidence(
    asker: Asker,
    deviceIds: readonly string[],
    patientIds: readonly string[],
    span: Span,
  ): Promise<FleetEvidence>;
}

export interface Buckets {
  readonly stream: Stream;
  readonly count: Uint32Array;
  readonly min: Float64Array;
  readonly last: Float64Array;
}

/** What was measured; a patient outside the view is as if there were none. */
export interface Measured {
  streams(view: PatientView, patientId: string): Promise<readonly { readonly stream: Stream }[]>;
  trends(
    view: PatientView,
    streamIds: readonly string[],
    query: { readonly from: number; readonly to: number; readonly buckets: number },
  ): Promise<readonly Buckets[]>;
  columns(
    view: PatientView,
    streamId: string,
    query: {
      readonly from: number;
      readonly to: number;
      readonly isDescending: boolean;
      readonly isTransient?: boolean;
    },
  ): AsyncIterable<Pick<NumericColumns, "times" | "values" | "receivedAt">>;
  /** Least and greatest sample of each of so many equal spans; NaN where there is none. */
  overview(
    view: PatientView,
    streamId: string,
    query: { readonly from: number; readonly to: number; readonly buckets: number },
  ): Promise<{ readonly starts: Float64Array; readonly min: Float64Array }>;
}

/** What devices of a type are expected to send, in milliseconds. */
export interface Rhythms {
  /** null: on demand; undefined: the type says nothing of it. */
  of(deviceId: string, signal: string): number | null | undefined;
  /** Every signal that its type names. */
  ofDevice(deviceId: string): readonly { readonly signal: string; readonly intervalMs: number | null }[];
}
