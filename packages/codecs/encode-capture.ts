import { toHex } from "./binary-text.ts";

/** A value as a gateway received it. */
export interface ReceivedValue {
  readonly codec: string;
  /** ms UTC, by the gateway's clock. */
  readonly at: number;
  /** What the local time of the device is ahead of UTC, where the gateway knows it. */
  readonly utcOffset?: number;
  readonly bytes: Uint8Array;
}

/** The body of `raw/capture` in JSON, for gateways: values of one device, in the order in which they came. */
export function encodeCapture(values: readonly ReceivedValue[]): Uint8Array {
  const items = values.map(({ codec, at, utcOffset, bytes }) => ({
    codec,
    at: Math.round(at),
    ...(utcOffset !== undefined && { utcOffset }),
    hex: toHex(bytes),
  }));
  return new TextEncoder().encode(JSON.stringify(items));
}
