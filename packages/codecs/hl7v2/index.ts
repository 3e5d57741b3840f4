/** For who receives messages of HL7 v2: what must be known of one before it is decoded. */
export { type DevicePart, partsByDevice } from "./devices.ts";
export { MAX_MESSAGE_BYTES, type Message, parseMessage, partsOf, type Segment } from "./message.ts";
export { checkProfile } from "./profile.ts";
export { textOf } from "./text.ts";
