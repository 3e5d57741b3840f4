import type { Span } from "./span.ts";
import type { Millis } from "./telemetry.ts";

/** What is known of devices over a span; lists are ordered by time. */
export interface FleetEvidence {
  /** When a server of this database ran. */
  readonly runs: readonly Span[];
  readonly devices: ReadonlyMap<string, DeviceEvidence>;
  /** Pauses of the patients whom the asker sees. */
  readonly standby: readonly (Span & {
    readonly patientId: string;
    readonly streamId: string | null;
    readonly reason: string;
  })[];
}

export interface DeviceEvidence {
  readonly connected: readonly Span[];
  readonly battery: readonly { readonly at: Millis; readonly percent: number }[];
  readonly heard: readonly Millis[];
  readonly quarantined: readonly { readonly at: Millis; readonly code: string; readonly readings: number }[];
  readonly clock: readonly {
    readonly after: Millis | null;
    readonly from: Millis;
    readonly decidedAt: Millis;
    readonly kind: string | null;
    readonly leadsTo: "kept" | "corrected" | "flagged" | "quarantined";
    readonly aheadMs: number;
  }[];
  /** Events by which a device says that it is on nobody, or on somebody again. */
  readonly wear: readonly { readonly at: Millis; readonly event: string }[];
  readonly service: readonly { readonly at: Millis; readonly isOut: boolean }[];
  readonly gateways: readonly GatewaySpans[];
}

/** A gateway in charge of the device: when it was there, when it heard the device, and when it heard others. */
export interface GatewaySpans {
  readonly gatewayId: string;
  readonly up: readonly Span[];
  readonly heard: readonly Span[];
  readonly others: readonly (Span & { readonly deviceId: string })[];
}
