/** The raw door: bytes of a known format, as a device sent them. */
import { RefusedInput } from "@openward/errors";
import type { DecodeContext, Decoded } from "./codec.ts";
import { findCodec } from "./registry.ts";

export type { Codec, DecodeContext, Decoded, DecodedRawStatus, DeviceFacts, Ignored, Subject } from "./codec.ts";
export { encodeCapture, type ReceivedValue } from "./encode-capture.ts";
export { encodeCurrentTime } from "./gatt/2a2b-current-time.ts";
export { encodeReportRecords, type RecordsWanted } from "./gatt/2a52-record-access.ts";
export { codecs, findCodec } from "./registry.ts";

/**
 * `devices/{device}/raw/{codec}`.
 *
 * @throws RefusedInput CODEC_UNKNOWN, or what the codec refuses
 */
export function decodeRaw(bytes: Uint8Array, name: string, context: DecodeContext): Decoded {
  const codec = findCodec(name);
  if (!codec) throw new RefusedInput("CODEC_UNKNOWN", { at: "codec", received: name });
  return codec.decode(bytes, context);
}
