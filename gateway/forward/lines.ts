import { encodeCapture } from "@openward/codecs/raw";
import type { KeptMessage } from "../keep/message.ts";

/** These are no value of a capture: a capture itself, and what is nobody's. */
const CAPTURE = "capture";
const utf8 = new TextDecoder();

/**
 * Messages as lines of `POST /ingest`: each a capture of its values with the times at which they came. What is of a device
 * that nobody knows goes as it is: the server takes it for nobody's.
 */
export function linesOf(messages: readonly KeptMessage[]): Buffer {
  return Buffer.from(messages.map(lineOf).join("\n"));
}

function lineOf({ id, deviceId, values, isUnknown, isWill }: KeptMessage): string {
  const about = `{"device":${JSON.stringify(deviceId)},"id":"${id}"${isUnknown ? ',"unknown":true' : ""}${isWill ? ',"will":true' : ""}`;
  const [first] = values;
  if (first && values.length === 1 && (isUnknown || first.codec === CAPTURE)) {
    return `${about},"kind":"raw/${first.codec}","body":"${Buffer.from(first.bytes).toString("base64")}"}`;
  }
  return `${about},"kind":"raw/capture","body":${utf8.decode(encodeCapture(values))}}`;
}
