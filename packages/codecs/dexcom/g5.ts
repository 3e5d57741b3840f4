import { QUALITY } from "@openward/model";
import type { Codec, DecodeContext } from "../codec.ts";
import { Findings, receptionOf } from "../findings.ts";
import { checkCrc, xmodemCrc } from "../gatt/crc.ts";
import { ByteReader } from "../reader.ts";

const NAME = "dexcom/g5";
const GLUCOSE = 0x31;
const TIME = 0x25;
const TREND_UNKNOWN = [127, -128];
/** States in which the transmitter stands by what it measures; 7 and 14 ask for a calibration. */
const RELIABLE = new Map([
  [6, "ok"],
  [7, "calibration needed"],
  [14, "calibration needed"],
]);
const LOWEST = 39;
const HIGHEST = 401;

export interface GlucoseFrame {
  readonly status: number;
  readonly sequence: number;
  /** Seconds since the transmitter was switched on. */
  readonly seconds: number;
  /** mg/dL */
  readonly glucose: number;
  readonly isDisplayOnly: boolean;
  readonly state: number;
  /** 0.1 mg/dL/min */
  readonly trend: number;
}

/** Behind the opcode. @throws RefusedInput MALFORMED_BYTES */
export function parseGlucoseFrame(reader: ByteReader): GlucoseFrame {
  const status = reader.u8("status");
  const sequence = reader.u32("sequence");
  const seconds = reader.u32("timestamp");
  const glucose = reader.u16("glucose");
  const frame = {
    status,
    sequence,
    seconds,
    glucose: glucose & 0xfff,
    isDisplayOnly: glucose >> 12 !== 0,
    state: reader.u8("state"),
    trend: reader.i8("trend"),
  };
  checkCrc(reader, 0, xmodemCrc);
  return frame;
}

/**
 * Frames of a Dexcom G5 transmitter: glucose (0x31), and the transmitter's clock (0x25), by which the glucose behind it in the
 * same capture is dated to the second. Alone, glucose is of the last five minutes and gets the time of reception.
 *
 * @source captured frames, and the layout as CGMBLEKit (MIT) reads it
 */
const codec: Codec = {
  name: NAME,
  display: "Dexcom G5 transmitter",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const found = new Findings(context);
    const opcode = reader.u8("opcode");
    if (opcode === GLUCOSE) addGlucose(found, parseGlucoseFrame(reader), context);
    else if (opcode === TIME) noteTime(found, reader, context);
    else reader.refuse("opcode", 0, "0x25 or 0x31");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

function addGlucose(found: Findings, frame: GlucoseFrame, { session }: DecodeContext): void {
  const { seconds, glucose, isDisplayOnly, state, trend } = frame;
  const start = session.transmitterStart;
  if (start) found.instant = { ...start, time: start.time + seconds * 1000 };
  const reliable = RELIABLE.get(state);
  if (reliable === undefined) {
    found.ignore(10, `values in the calibration state ${state}`);
    found.event("measurement-remarks", { codec: NAME, remarks: [`calibration state ${state}`] });
    return;
  }
  if (isDisplayOnly) found.quality |= QUALITY.questionable;
  // 39 and 401 are what it says for "low" and "high".
  const value = glucose <= LOWEST ? Number.NEGATIVE_INFINITY : glucose >= HIGHEST ? Number.POSITIVE_INFINITY : glucose;
  found.reading("glucose-interstitial", "mg/dL", value, 10);
  if (!Number.isFinite(value)) {
    found.event("measurement-remarks", { codec: NAME, remarks: [value < 0 ? "glucose low" : "glucose high"] });
  }
  if (TREND_UNKNOWN.includes(trend)) found.ignore(13, "a trend that is not known");
  else found.reading("glucose-trend", "mg/dL/min", trend / 10, 13);
  if (state !== 6) found.event("measurement-remarks", { codec: NAME, remarks: [reliable] });
}

function noteTime(found: Findings, reader: ByteReader, context: DecodeContext): void {
  reader.u8("status");
  const now = reader.u32("currentTime");
  reader.u32("sessionStartTime");
  reader.u32("reserved");
  checkCrc(reader, 0, xmodemCrc);
  const { time, ...rest } = receptionOf(context);
  context.session.transmitterStart = { ...rest, time: time - now * 1000 };
  found.ignore(6, "when the sensor's session began");
}

export default codec;
