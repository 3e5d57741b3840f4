import type { Span } from "./spans.ts";

/** Why something is missing. `unknown` is an answer too: nothing is guessed. */
export const GAP_CAUSES = [
  "battery",
  "out-of-range",
  "link-down",
  "clock",
  "quarantined",
  "not-worn",
  "sensor",
  "maintenance",
  "unknown",
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** What a cause is read from, so that a person can judge it. */
export type Proof =
  /** The server itself did not run. */
  | { readonly by: "server" }
  /** The device's connection to the server was away. */
  | { readonly by: "connection" }
  /** Nothing came from the gateway, or its line was down. */
  | { readonly by: "gateway"; readonly gatewayId: string }
  /** The gateway was there and heard others, and this device it did not. */
  | { readonly by: "others-heard"; readonly gatewayId: string; readonly others: number }
  /** The last that it said of its battery, and, where it was charged, the first after. */
  | { readonly by: "battery"; readonly at: number; readonly percent: number; readonly after: number | null }
  | { readonly by: "quarantine"; readonly messages: number; readonly codes: readonly string[] }
  /** What was decided of its clock. */
  | { readonly by: "clock-state"; readonly kind: string; readonly decidedAt: number }
  /** A person paused the watching, and said why. */
  | { readonly by: "standby"; readonly reason: string }
  /** The device said that it is on nobody. */
  | { readonly by: "sensor-off"; readonly event: string; readonly at: number }
  /** It spoke, of itself only: its battery, its state, that it is there. */
  | { readonly by: "heard"; readonly at: number }
  /** It measured, and this signal was not among it. */
  | { readonly by: "other-signals"; readonly at: number }
  | { readonly by: "out-of-service" };

/** Everything that is known of a device over a span. Lists are ordered by time; times are ms UTC. */
export interface Evidence {
  readonly serverAway: readonly Span[];
  /** When it was connected to the server; null: it keeps no connection, or none was kept. */
  readonly connected: readonly Span[] | null;
  /** Gateways that speak for it. */
  readonly gateways: readonly GatewayEvidence[];
  readonly battery: readonly { readonly at: number; readonly percent: number }[];
  /** `readings`: how many of one signal a message held. */
  readonly quarantined: readonly { readonly at: number; readonly code: string; readonly readings: number }[];
  /** What was decided of the clock: it was set between `after` and `from`, by `stepMs` (positive: forward). */
  readonly clock: readonly ClockEvidence[];
  readonly standby: readonly (Span & { readonly reason: string })[];
  readonly sensorOff: readonly (Span & { readonly event: string })[];
  /** When it said something of itself. */
  readonly heard: readonly number[];
  /** When it measured something else of its patient. */
  readonly otherSignals: readonly number[];
  readonly outOfService: readonly Span[];
}

export interface ClockEvidence {
  readonly after: number | null;
  readonly from: number;
  /** When the next thing was decided; null: it holds. */
  readonly until: number | null;
  readonly decidedAt: number;
  readonly kind: string;
  readonly leadsTo: "kept" | "corrected" | "flagged" | "quarantined";
  readonly stepMs: number;
}

export interface GatewayEvidence {
  readonly gatewayId: string;
  /** When it was there, and its line up. */
  readonly up: readonly Span[];
  /** When it heard this device. */
  readonly heard: readonly Span[];
  /** When it heard another one, and how many of them. */
  readonly others: readonly (Span & { readonly count: number })[];
}

export const NO_EVIDENCE: Evidence = {
  serverAway: [],
  connected: null,
  gateways: [],
  battery: [],
  quarantined: [],
  clock: [],
  standby: [],
  sensorOff: [],
  heard: [],
  otherSignals: [],
  outOfService: [],
};
