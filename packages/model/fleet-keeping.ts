import type { Millis } from "./telemetry.ts";

/** A device was connected to a server without a break. */
export interface ConnectionSpan {
  readonly deviceId: string;
  readonly organisationId: string;
  readonly from: Millis;
  /** null: it goes on. */
  readonly to: Millis | null;
}

/** How a gateway said that it is, at `at` by its own clock. */
export interface GatewayReported {
  readonly gatewayId: string;
  readonly organisationId: string;
  readonly at: Millis;
  /** When it heard each device last. */
  readonly devices: Readonly<Record<string, Millis>>;
  /** How often it reports, ms. */
  readonly everyMs: number;
}
