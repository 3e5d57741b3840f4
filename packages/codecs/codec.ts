import type { DecodedEvent } from "./event.ts";
import type { Segments } from "./gatt/segments.ts";
import type { Configuration } from "./ieee11073/configuration.ts";
import type { ReadingColumn } from "./reading-columns.ts";
import type { ItemProblem } from "./refusals.ts";
import type { DecodedWaveform } from "./waveform.ts";

/**
 * A format of bytes, as a device or its maker wrote it: `devices/{device}/raw/{name}`. Pure: the same bytes and context
 * give the same result. A new one is its file, its vectors beside it, and one line of `registry.ts`.
 */
export interface Codec {
  /** "gatt/2a37": the end of the topic. */
  readonly name: string;
  /** As people read it. */
  readonly display: string;
  /** @throws RefusedInput MALFORMED_BYTES, or what the format's body can be refused with: nothing of it is taken */
  decode(bytes: Uint8Array, context: DecodeContext): Decoded;
}

/** What is known besides the bytes. */
export interface DecodeContext {
  /** Which item of the body this is; 0 where the body is one value. */
  readonly item: number;
  /** The value is one of several of a body: its parts are not items of their own. */
  readonly isPart?: boolean;
  /** ms UTC: when the gateway received the bytes, where it says so; else when the server did. */
  readonly at: number;
  /** ms UTC, of a value in a capture: when the server received the capture. */
  readonly capturedAt?: number;
  /** Bit of QUALITY that a value gets whose time is `at`: timeFromGateway or timeFromServer. */
  readonly atQuality: number;
  /** What the local time of the device is ahead of UTC, where whoever sent it says so. */
  readonly utcOffsetMinutes: number | null;
  /** IANA zone that stands in for an offset that nobody said: the patient's. null: UTC. */
  readonly timeZone: string | null;
  /** What the values before it in the same capture told; empty for a value that comes alone. */
  readonly session: Session;
}

/** What one value of a capture tells of those behind it. */
export interface Session {
  /** When the running session of a CGM began (gatt/2aaa): its measurements say minutes since then. */
  cgmStart?: Instant;
  /** Of each glucose measurement by its sequence number: what its context (gatt/2a34) belongs to. */
  glucose?: Map<number, Instant>;
  /** When the transmitter of a CGM (dexcom/g5) was switched on: its frames say seconds since then. */
  transmitterStart?: Instant;
  /** Of a value that comes in segments, by its codec: those that came. */
  segments?: { [codec: string]: Segments };
  /** Items with which a value ended whose last segment did not come. */
  unfinished?: readonly number[];
  /** What the handles of an 11073-20601 agent mean (ieee11073/20601). */
  agent?: Configuration;
}

/** A time that a device told, as the time line has it. */
export interface Instant {
  /** ms UTC. */
  readonly time: number;
  /** The device's own offset from UTC, where it or its gateway said so. */
  readonly utcOffsetMinutes: number | null;
  /** Bits of QUALITY. */
  readonly quality: number;
}

/** Of whom the bytes say that they are. Evidence, which can contradict: whose they are is told by who wore the device. */
export interface Subject {
  /** Record numbers. */
  readonly identifiers: readonly string[];
}

/** What was in the bytes. */
export interface Decoded {
  readonly readings: readonly ReadingColumn[];
  readonly waveforms: readonly DecodedWaveform[];
  readonly events: readonly DecodedEvent[];
  readonly status: DecodedRawStatus | null;
  /** What the device says of itself. */
  readonly facts: DeviceFacts;
  /** What was in the bytes and was not taken. */
  readonly ignored: readonly Ignored[];
  readonly refused: readonly ItemProblem[];
  /** The newest of the device's own times, beside when its gateway received it, where both are said. */
  readonly gatewaySighting?: { readonly deviceTime: number; readonly gatewayTime: number };
  /** When its gateway heard the device last, where that is said. */
  readonly gatewayHeardAt?: number;
}

export interface DecodedRawStatus {
  readonly state: string;
  /** Percent, where it says so. */
  readonly battery: number | null;
  /** The device's own time, ms UTC, where it says so. */
  readonly clock: number | null;
}

/** Of the device: what is printed on it, and what runs in it. Plain words and numbers. */
export type DeviceFacts = Readonly<Partial<Record<DeviceFact, string | number>>>;
export type DeviceFact =
  | "manufacturer"
  | "model"
  | "serial"
  | "hardware"
  | "firmware"
  | "software"
  | "udi"
  | "systemId"
  | "vendorId"
  | "vendorIdSource"
  | "productId"
  | "productVersion"
  | "bodySite"
  | "measures";

/** Something that was in the bytes and was not taken, in words without a clinical value. */
export interface Ignored {
  /** Item of the body. */
  readonly index: number;
  /** Byte in the item. */
  readonly offset: number;
  readonly what: string;
}
