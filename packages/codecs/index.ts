export { type BodyFormat, bodyFormat } from "./body.ts";
export { decodeCbor } from "./cbor.ts";
export { type DecodedEvent, type DecodedEvents, decodeEvent } from "./event.ts";
export { isReceivers } from "./findings.ts";
export { offsetAt } from "./local-time.ts";
export type { ReadingColumn } from "./reading-columns.ts";
export { type DecodedReadings, decodeReadings, MAX_ITEMS, MAX_VALUES } from "./readings.ts";
export type { ItemProblem } from "./refusals.ts";
export { type DecodedStatus, decodeStatus } from "./status.ts";
export { parseOffset, parseTime } from "./time.ts";
export {
  ABSENT_SAMPLE,
  type DecodedWaveform,
  type DecodedWaveforms,
  decodeWaveform,
  MAX_SAMPLES,
} from "./waveform.ts";
