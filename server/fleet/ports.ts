import type { Association, PatientView, Principal, Stream } from "@openward/model";
import type { NumericColumns } from "@openward/timeseries";
import type { Span } from "@openward/timeseries/completeness";

export type Asker = string | Pick<Principal, "organisationId" | "id">;

/** What the tables know of devices over a span; lists are ordered by time. */
export interface Known {
  /** When a server of this database ran. */
  readonly runs: readonly Span[];
  readonly devices: ReadonlyMap<string, KnownDevice>;
  readonly standby: readonly (Span & {
    readonly patientId: string;
    readonly streamId: string | null;
    readonly reason: string;
  })[];
}

export interface KnownDevice {
  readonly connected: readonly Span[];
  readonly battery: readonly { readonly at: number; readonly percent: number }[];
  readonly heard: readonly number[];
  readonly quarantined: readonly { readonly at: number; readonly code: string; readonly readings: number }[];
  readonly clock: readonly {
    readonly after: number | null;
    readonly from: number;
    readonly decidedAt: number;
    readonly kind: string | null;
    readonly leadsTo: "kept" | "corrected" | "flagged" | "quarantined";
    readonly aheadMs: number;
  }[];
  /** Events by which a device says that it is on nobody, or on somebody again. */
  readonly wear: readonly { readonly at: number; readonly event: string }[];
  readonly service: readonly { readonly at: number; readonly isOut: boolean }[];
  readonly gateways: readonly {
    readonly gatewayId: string;
    readonly up: readonly Span[];
    readonly heard: readonly Span[];
    readonly others: readonly (Span & { readonly deviceId: string })[];
  }[];
}

export interface Tables {
  worn(
    asker: Asker,
    of: { readonly patientIds: readonly string[] } | { readonly deviceIds: readonly string[] },
    span: Span,
  ): Promise<Association[]>;
  /** What people confirmed of how often streams of these patients must speak, ms; null: nobody expects anything. */
  confirmed(asker: Asker, patientIds: readonly string[]): Promise<ReadonlyMap<string, number | null>>;
  zones(asker: Asker, patientIds: readonly string[]): Promise<{ patientId: string; from: number; timeZone: string }[]>;
  evidence(asker: Asker, deviceIds: readonly string[], patientIds: readonly string[], span: Span): Promise<Known>;
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
