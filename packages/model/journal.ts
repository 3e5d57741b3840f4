import type { Alarm, Expectation, Standby } from "./alarm.ts";
import type { ClockState } from "./clock.ts";
import type { DeviceEvent, DeviceStatus, Millis, QuarantineEntry, Readings, Stream, Waveform } from "./telemetry.ts";

/** The device's clock beside the server's, once in a while: one track per device, shared by its streams. */
export interface ClockSighting {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly deviceTime: Millis;
  readonly serverTime: Millis;
  /** When its gateway had it, by the gateway's clock; left out: there was none, or it does not say. */
  readonly gatewayTime?: Millis;
  /** The device said what its clock shows now: it cannot be late data. */
  readonly isStated?: boolean;
  /** CRC-32 of what came: the same again tells nothing of a clock that stands still. */
  readonly bodyHash?: number;
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
  /** The association by which it was placed; null: none covered that time, or it was not written down. */
  readonly associationId: string | null;
}

/** What was sent, byte for byte, with what is needed to run it again. */
export interface RawInput {
  readonly organisationId: string;
  readonly deviceId: string;
  /** Of whom it tells; empty: of nobody. It can be read for as long as nobody of them is erased. */
  readonly patientIds: readonly string[];
  readonly kind: QuarantineEntry["kind"];
  /** "json", "cbor", "senml+json", or the codec of raw bytes. */
  readonly format: string;
  readonly body: Uint8Array;
  readonly receivedAt: Millis;
  /** What stood in for a time that was not sent: when the first delivery of it came. */
  readonly stampedAt: Millis;
  /** What the device had told of its clock by then: its time less the server's. */
  readonly clockOffsetMs: number;
  /** Written when the connection began, sent when it broke. */
  readonly isWill: boolean;
}

/** Everything that must be durable before it is answered. A stream stands in the journal before its first reading. */
export type JournalEntry =
  | { readonly kind: "stream"; readonly stream: Stream }
  | { readonly kind: "readings"; readonly readings: Readings }
  | { readonly kind: "waveform"; readonly waveform: Waveform }
  | { readonly kind: "event"; readonly event: DeviceEvent }
  | { readonly kind: "status"; readonly status: DeviceStatus }
  | { readonly kind: "clock"; readonly sighting: ClockSighting }
  | { readonly kind: "clock-state"; readonly state: ClockState }
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
