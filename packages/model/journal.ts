import type { Alarm, Expectation, Standby } from "./alarm.ts";
import type { DeviceEvent, DeviceStatus, Millis, QuarantineEntry, Readings, Stream, Waveform } from "./telemetry.ts";

/** The device's clock beside the server's, once in a while: one track per device, shared by its streams. */
export interface ClockSighting {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly deviceTime: Millis;
  readonly serverTime: Millis;
}

/**
 * A message without a time of its own, by which its re-delivery is recognised and gets the first one's time.
 * `key` is (session, packet id, hash of the body), or an HTTP Idempotency-Key.
 */
export interface Delivery {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly key: string;
  readonly receivedAt: Millis;
}

/** Everything that must be durable before it is answered. A stream stands in the journal before its first reading. */
export type JournalEntry =
  | { readonly kind: "stream"; readonly stream: Stream }
  | { readonly kind: "readings"; readonly readings: Readings }
  | { readonly kind: "waveform"; readonly waveform: Waveform }
  | { readonly kind: "event"; readonly event: DeviceEvent }
  | { readonly kind: "status"; readonly status: DeviceStatus }
  | { readonly kind: "clock"; readonly sighting: ClockSighting }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "quarantine"; readonly entry: QuarantineEntry }
  | { readonly kind: "alarm"; readonly alarm: Alarm }
  | { readonly kind: "standby"; readonly standby: Standby }
  | {
      readonly kind: "expectation";
      readonly organisationId: string;
      readonly patientId: string;
      readonly expectation: Expectation;
    };
